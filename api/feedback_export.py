"""The ratings of a collection as a BEIR folder, with its documents for a corpus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.pipeline import Collection, qrels_of
from ingest.contract import BadInput


def write_judged(collection: Collection, folder: Path) -> dict[str, int]:
    """Writes `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`, in place of what was written
    before; how many of each. Raises BadInput where nobody found anything to help."""
    queries, grades = qrels_of(collection.feedback.judged())
    if not queries:
        raise BadInput(f"{collection.name} has no rating that says that a document helps")
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    documents = 0
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as corpus:
        for record in _documents(collection):
            corpus.write(json.dumps(record, ensure_ascii=False) + "\n")
            documents += 1
    with (folder / "queries.jsonl").open("w", encoding="utf-8") as lines:
        for name, text in queries.items():
            lines.write(json.dumps({"_id": name, "text": text}, ensure_ascii=False) + "\n")
    rows = [
        f"{name}\t{document}\t{grade}\n"
        for name, documents_of in grades.items()
        for document, grade in sorted(documents_of.items())
    ]
    text = "query-id\tcorpus-id\tscore\n" + "".join(rows)
    (folder / "qrels" / "test.tsv").write_text(text, encoding="utf-8")
    return {"queries": len(queries), "judgements": len(rows), "documents": documents}


def _documents(collection: Collection) -> Iterator[dict[str, Any]]:
    after = ""
    while page := collection.records(after):
        after = page[-1].id
        for record in page:
            texts = [chunk.text for chunk in collection.document_chunks(record.id)]
            yield {"_id": record.id, "title": record.title, "text": "\n\n".join(texts)}
