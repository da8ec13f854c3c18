"""Small BEIR folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def write_beir(
    folder: Path, texts: Mapping[str, str], queries: Mapping[str, tuple[str, str]]
) -> Path:
    """Texts by id; queries by id, each with the id of the one document that answers."""
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": id, "title": "", "text": text} for id, text in texts.items()]
    asked = [{"_id": id, "text": text} for id, (text, _) in queries.items()]
    for name, rows in (("corpus", documents), ("queries", asked)):
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (folder / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    judged = [f"{id}\t{document}\t1\n" for id, (_, document) in queries.items()]
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(judged), encoding="utf-8"
    )
    return folder
