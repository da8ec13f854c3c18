"""Truth documents from disk: files with a JSON truth beside each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.contract import BadDataset, Truth, TruthBlock

SUFFIX = ".truth.json"
KINDS = (
    "title", "heading", "paragraph", "list_item", "table", "code", "caption", "footnote",
)  # fmt: skip


def load_truths(folder: Path, formats: Sequence[str] = ()) -> list[Truth]:
    """The truths of a folder in order of their names, of these formats alone where any are given.

    A truth is named after its file (`a.pdf` and `a.pdf.truth.json`), or names its files itself
    under "files", where several show the same. Raises BadDataset where one cannot be used, and
    where there is none.
    """
    if not folder.is_dir():
        raise BadDataset(f"there is no folder {folder}: name one with files and their truths")
    found: list[Truth] = []
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        found += _truths(path)
    if not found:
        raise BadDataset(f"{folder} holds no file that ends in {SUFFIX}")
    wanted = {name.lower().lstrip(".") for name in formats}
    kept = [truth for truth in found if not wanted or truth.format in wanted]
    if not kept:
        known = ", ".join(sorted({truth.format for truth in found}))
        raise BadDataset(f"{folder} has no file of format {', '.join(formats)}; it has {known}")
    return sorted(kept, key=lambda truth: truth.path.name)


def _truths(path: Path) -> list[Truth]:
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise BadDataset(f"{path} is not JSON: {error}") from error
    names = made.get("files") or [path.name.removesuffix(SUFFIX)]
    truths: list[Truth] = []
    for name in names:
        file = path.parent / name
        if not file.is_file():
            raise BadDataset(f"{path} is the truth of {name}, which does not lie beside it")
        try:
            truths.append(_truth(file, made))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadDataset(f"{path}: {type(error).__name__}: {error}") from error
    return truths


def _truth(file: Path, made: dict[str, Any]) -> Truth:
    return Truth(
        path=file,
        format=str(made.get("format") or file.suffix.lstrip(".")).lower(),
        producer=str(made.get("producer", "")),
        language=str(made["language"]),
        title=str(made.get("title", "")),
        blocks=[_block(block) for block in made["blocks"]],
        furniture=[(item.get("kind", ""), item["text"]) for item in made.get("furniture", [])],
        optional=[str(text) for text in made.get("optional", [])],
        answers=[item["answer"] for item in made.get("answers", [])],
        scan=made.get("scan"),
    )


def _block(made: dict[str, Any]) -> TruthBlock:
    kind = made["kind"]
    if kind not in KINDS:
        raise ValueError(f"no kind of block is {kind!r}; kinds: {', '.join(KINDS)}")
    table = made.get("table") or {"rows": [], "header_rows": 0}
    widths = {len(row) for row in table["rows"]}
    if len(widths) > 1:
        raise ValueError(f"rows of different lengths in the table {made['text'][:40]!r}")
    page = made.get("page")
    return TruthBlock(
        kind=kind,
        text=made["text"],
        heading_path=tuple(made.get("heading_path", ())),
        page=page,
        last_page=made.get("last_page", page),
        mark=made.get("mark", ""),
        rows=tuple(tuple(row) for row in table["rows"]),
        header_rows=int(table["header_rows"]),
    )
