"""Jupyter notebooks: text, code and what it put out."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.contract import Block, BlockKind, Json, Parsed, Source, UnreadableFile
from ingest.encodings import decode
from ingest.markdown_blocks import read_markdown
from ingest.mojibake import undo

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-Z\\-_]")
_SHOWN_OBJECT = re.compile(r"<[\w. ]+ (?:object )?at 0x[0-9a-f]+>|<(?:Figure|Axes)[^<>]*>|\[<.*>\]")
_MAGIC = re.compile(r"%%(bash|sh|html|javascript|js|latex|R|ruby|perl|sql|cython)\b")


@dataclass(frozen=True)
class NotebookParser:
    """Reads IPYNB of any version. Of each output at most `output_chars` characters are kept (0
    leaves outputs out); pictures are left out, of an error only its last line is kept."""

    output_chars: int = 2_000

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the cells in order. Raises UnreadableFile where it is no notebook."""
        del media_type
        notebook = _notebook(source)
        metadata = _mapping(notebook.get("metadata"))
        reader = _Reader(self.output_chars, _language(metadata))
        for cell in notebook.get("cells") or []:
            reader.cell(_mapping(cell))
        return Parsed(
            tuple(reader.blocks),
            _title(metadata, reader.blocks),
            0,
            _metadata(metadata, reader.languages),
        )


def _notebook(source: Source) -> dict[str, Any]:
    """The notebook in version 4; older ones are converted by nbformat."""
    text = decode(source.data).text.removeprefix("\ufeff")
    try:
        notebook = json.loads(text)
        if not isinstance(notebook, dict) or not {"cells", "worksheets"} & set(notebook):
            raise ValueError("it has no cells")  # noqa: TRY301 - one reason for all
        if notebook.get("nbformat") == 4 and isinstance(notebook.get("cells"), list):
            return notebook
        return _converted(text)
    except RecursionError as error:
        raise UnreadableFile(f"{source.name}: nested too deeply to be a notebook") from error
    # nbformat lets whatever a damaged notebook trips through.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UnreadableFile(
            f"{source.name}: not readable as a Jupyter notebook ({reason}); open it in Jupyter and "
            "save it again"
        ) from error


def _converted(text: str) -> dict[str, Any]:
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # faults in the schema that do not hinder reading
        return dict(nbformat.reads(text, as_version=4))  # type: ignore[no-untyped-call]


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _joined(value: object) -> str:
    """Text that may be kept as a list of lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def _language(metadata: dict[str, Any]) -> str:
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        value = _mapping(metadata.get(key)).get(name)
        if isinstance(value, str) and value:
            return value.lower()
    return ""


def _title(metadata: dict[str, Any], blocks: Sequence[Block]) -> str:
    """The notebook's own title, else its only top heading where that comes first."""
    stated = metadata.get("title")
    if isinstance(stated, str) and stated.strip():
        return stated.strip()
    tops = [n for n, b in enumerate(blocks) if b.kind is BlockKind.HEADING and b.level == 1]
    return blocks[0].text if tops == [0] else ""


def _metadata(metadata: dict[str, Any], languages: dict[str, None]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    authors = metadata.get("authors")
    names = [
        str(_mapping(author).get("name", author)) for author in authors or [] if author
    ] if isinstance(authors, list) else []  # fmt: skip
    if names:
        found["author"] = ", ".join(names)
    for key, name in (("date", "created"), ("tags", "tags"), ("description", "description")):
        value = metadata.get(key)
        if isinstance(value, str) and value:
            found[name] = (value,) if name == "tags" else value
        elif name == "tags" and isinstance(value, list):
            found[name] = tuple(part for part in value if isinstance(part, str))
    if languages:
        found["code_languages"] = tuple(languages)
    return found


@dataclass
class _Reader:
    """The state of one pass over the cells."""

    limit: int
    language: str
    blocks: list[Block] = field(default_factory=list)
    languages: dict[str, None] = field(default_factory=dict)

    def cell(self, cell: dict[str, Any]) -> None:
        """Read one cell."""
        text = undo(_joined(cell.get("source")))
        kind = cell.get("cell_type")
        if kind == "markdown":
            self._markdown(text)
        elif kind == "code":
            self._code(text)
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else []:
                if self.limit > 0:
                    self._output(_mapping(output))
        elif text.strip():
            self.blocks.append(Block(BlockKind.PARAGRAPH, text.strip()))

    def _markdown(self, text: str) -> None:
        found = read_markdown(text)
        self.blocks += found.blocks
        self.languages.update(found.languages)

    def _code(self, text: str) -> None:
        code = text.strip("\n").rstrip()
        if code.strip():
            self.blocks.append(Block(BlockKind.CODE, code))
            magic = _MAGIC.match(code)
            language = magic[1].lower() if magic else self.language
            if language:
                self.languages[language] = None

    def _output(self, output: dict[str, Any]) -> None:
        kind = output.get("output_type")
        if kind == "stream":
            self._printed(_joined(output.get("text")))
        elif kind == "error":
            name, value = output.get("ename", "Error"), output.get("evalue", "")
            lines = _ANSI.sub("", str(value)).strip().splitlines() or [""]
            self._printed(f"{name}: {lines[0][:300]}".rstrip(": "))
        elif kind in ("execute_result", "display_data"):
            self._shown(_mapping(output.get("data")))

    def _shown(self, data: dict[str, Any]) -> None:
        """The richest form of a result that is text."""
        html = _joined(data.get("text/html"))
        if "<table" in html and self._tables(html):
            return
        markdown = _joined(data.get("text/markdown"))
        latex = _joined(data.get("text/latex")).strip()
        if markdown.strip():
            self._markdown(self._cut(markdown))
        elif latex:
            self.blocks.append(Block(BlockKind.FORMULA, self._cut(latex)))
        else:
            text = _joined(data.get("text/plain")).strip()
            if not _SHOWN_OBJECT.fullmatch(text):
                self._printed(text)

    def _tables(self, html: str) -> bool:
        """The tables of a result; whether there are any."""
        from lxml import etree

        from ingest.html_tables import own_rows, read_table
        from ingest.tables import table_block

        parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, remove_pis=True)
        try:
            tree: etree._Element | None = etree.fromstring(html.encode("utf-8", "replace"), parser)
        except etree.LxmlError:
            return False
        found = False
        for element in tree.iter("table") if tree is not None else ():
            for row in own_rows(element)[200:]:
                parent = row.getparent()
                if parent is not None:
                    parent.remove(row)
            caption, table = read_table(element)
            if caption:
                self.blocks.append(Block(BlockKind.CAPTION, caption))
            if table.rows:
                self.blocks.append(table_block(table))
                found = True
        return found

    def _printed(self, text: str) -> None:
        """Text that a program printed: what a progress line overwrote is gone."""
        lines = [line.rsplit("\r", 1)[-1].rstrip() for line in _ANSI.sub("", text).split("\n")]
        shown = self._cut("\n".join(lines).strip("\n"))
        if shown.strip():
            self.blocks.append(Block(BlockKind.CODE, shown))

    def _cut(self, text: str) -> str:
        """The text within the limit, cut at a line's end where one is near."""
        if len(text) <= self.limit:
            return text
        end = text.rfind("\n", self.limit // 2, self.limit)
        return text[: end if end > 0 else self.limit].rstrip() + "\n…"
