"""Notebooks: text through Markdown, code whole, outputs within bounds."""

from __future__ import annotations

import json

import pytest

from ingest.contract import BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.notebook import NotebookParser

H, P, CODE, T = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.CODE, BlockKind.TABLE


def parse(cells: list[dict[str, object]] | str, limit: int = 2000, **metadata: object) -> Parsed:
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    text = cells if isinstance(cells, str) else json.dumps(notebook)
    source = Source("a.ipynb", text.encode(), "a.ipynb")
    return NotebookParser(limit).parse(source, "application/x-ipynb+json")


def code(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {
        "cell_type": "code", "id": "x", "metadata": {}, "execution_count": 1,
        "source": source.splitlines(True), "outputs": list(outputs),
    }  # fmt: skip


def shown(**data: object) -> dict[str, object]:
    names = {name.replace("_", "/", 1).replace("_", "+"): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": names}


def markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": "y", "metadata": {}, "source": text}


HTML = "<div><style>x</style><table><thead><tr><th></th><th>A</th></tr></thead><tr><th>0</th>"
HTML += "<td>1</td></tr></table><p>1 rows</p></div>"


def test_cells_and_outputs() -> None:
    parsed = parse(
        [
            markdown("# 分析\n\nSome *text*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"),
            code(
                "import x\n\nx.run()",
                {"output_type": "stream", "name": "stdout", "text": ["10%\r100%\n", "done\n"]},
                shown(text_html=HTML, text_plain="  A\n0 1"),
                shown(image_png="iVBORw0", text_plain="<Figure size 640x480 with 1 Axes>"),
                shown(text_latex="$x^2$", text_plain="x**2"),
                {
                    "output_type": "error",
                    "ename": "ValueError",
                    "evalue": "\x1b[31mbad\x1b[0m value\nmore",
                    "traceback": ["long"] * 50,
                },
            ),
            code("%%bash\nls"),
            {"cell_type": "raw", "id": "z", "metadata": {}, "source": "raw text"},
        ],
        kernelspec={"name": "python3", "language": "python", "display_name": "Python"},
        authors=[{"name": "Ann"}],
    )
    assert [(b.kind, b.text) for b in parsed.blocks] == [
        (H, "分析"),
        (P, "Some text."),
        (T, "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        (CODE, "import x\n\nx.run()"),
        (CODE, "100%\ndone"),
        (T, "|  | A |\n| --- | --- |\n| 0 | 1 |"),
        (BlockKind.FORMULA, "$x^2$"),
        (CODE, "ValueError: bad value"),
        (CODE, "%%bash\nls"),
        (P, "raw text"),
    ]
    assert parsed.title == "分析"
    assert parsed.metadata == {"author": "Ann", "code_languages": ("python", "bash")}


def test_outputs_are_bounded() -> None:
    stream: dict[str, object] = {"output_type": "stream", "name": "x", "text": "line\n" * 100_000}
    (_, output) = parse([code("f()", stream)]).blocks
    assert len(output.text) <= 2_002 and output.text.endswith("line\n…")
    assert len(parse([code("f()", stream)], 0).blocks) == 1


def test_old_versions_are_read() -> None:
    old = {
        "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""},
        "worksheets": [{"metadata": {}, "cells": [
            {"cell_type": "heading", "level": 2, "source": "Old", "metadata": {}},
            {"cell_type": "code", "input": "1+1", "language": "python", "outputs": [],
             "metadata": {}, "collapsed": False}]}],
    }  # fmt: skip
    assert [(b.kind, b.text) for b in parse(json.dumps(old)).blocks] == [(H, "Old"), (CODE, "1+1")]


@pytest.mark.parametrize(
    "text", ["{}", "[]", "not json", '{"nbformat": 99, "cells": []}', "[" * 100_000]
)
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match="notebook"):
        parse(text)


def test_odd_cells_do_no_harm() -> None:
    cells = [
        {"cell_type": "code", "source": None, "outputs": None, "metadata": {}},
        {"cell_type": "code", "source": 5, "outputs": [3, {"output_type": "stream"}]},
        {"cell_type": "markdown", "source": ["a", 7]},
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    assert [b.text for b in parse(json.dumps(notebook)).blocks] == ["a"]
