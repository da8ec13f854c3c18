"""reStructuredText keeps its structure; nothing outside the file is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.rst import RstParser

H, P, L = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
CODE, NOTE, CAPTION = BlockKind.CODE, BlockKind.FOOTNOTE, BlockKind.CAPTION


def parse(text: str) -> Parsed:
    return RstParser().parse(Source("a.rst", text.encode(), "a.rst"), "text/x-rst")


def shape(text: str) -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(text).blocks]


def table(text: str) -> Block:
    (found,) = [b for b in parse(text).blocks if b.kind is BlockKind.TABLE]
    return found


def test_title_fields_and_sections() -> None:
    text = (
        "==========\n手册 Title\n==========\n\n:Author: Ann\n:Date: 2024-05-01\n:tags: a, b\n"
        ":Status: draft\n\nIntro text\ngoes on.\n\n"
        "第一章\n======\n\n中文断\n行。\n\nSub\n---\n\nx\n\n"
        "第二章\n======\n\ny\n"
    )
    parsed = parse(text)
    assert parsed.title == "手册 Title"
    assert parsed.metadata == {
        "author": "Ann",
        "created": "2024-05-01",
        "tags": ("a", "b"),
        "status": "draft",
    }
    assert shape(text) == [
        (H, 1, "手册 Title"),
        (P, 0, "Intro text goes on."),
        (H, 2, "第一章"),
        (P, 0, "中文断行。"),
        (H, 3, "Sub"),
        (P, 0, "x"),
        (H, 2, "第二章"),
        (P, 0, "y"),
    ]


def test_lists_of_all_kinds() -> None:
    text = (
        "- one\n\n  - inner *em*\n\n- two\n\n#. first\n#. second\n\nc) third\n\nTerm : kind\n"
        "    Meaning\n\n:param x: the x\n\n-o FILE  writes\n"
    )
    assert shape(text) == [
        (L, 1, "- one"),
        (L, 2, "- inner em"),
        (L, 1, "- two"),
        (L, 1, "1. first"),
        (L, 1, "2. second"),
        (L, 1, "c) third"),
        (L, 1, "- Term (kind): Meaning"),
        (L, 1, "- param x: the x"),
        (L, 1, "- -o FILE: writes"),
    ]


GRID = """
+-----+-------------+
| A   | B           |
+=====+======+======+
| a   | 1    | 2    |
|     +------+------+
|     | 3    | 4    |
+-----+------+------+
"""


def test_tables() -> None:
    found = table(GRID).table
    assert found is not None and found.header_rows == 1
    assert found.rows == (("A", "B", "B"), ("a", "1", "2"), ("a", "3", "4"))
    simple = table("=== ===\nx   y\n=== ===\n1   2\n=== ===\n")
    assert simple.text == "| x | y |\n| --- | --- |\n| 1 | 2 |"
    csv = '.. csv-table:: Prices\n   :header: "项目", "价格"\n\n   "苹果, 红", 5\n'
    assert shape(csv)[0] == (CAPTION, 0, "Prices")
    assert table(csv).text == "| 项目 | 价格 |\n| --- | --- |\n| 苹果, 红 | 5 |"
    listed = ".. list-table::\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2\n"
    assert table(listed).text == "| A | B |\n| --- | --- |\n| 1 | 2 |"


def test_code_formulas_notes_admonitions_and_figures() -> None:
    text = (
        "Text [1]_ with ``code`` and `a link <http://x>`_::\n\n    literal\n\n"
        ".. code-block:: python\n   :linenos:\n\n   def f():\n       pass\n\n"
        ".. math::\n\n   E = mc^2\n\n.. note:: Mind\n   this.\n\n   More.\n\n"
        ".. admonition:: Custom\n\n   Body\n\n.. figure:: a.png\n\n   图 1 流程\n\n"
        "| line one\n| line two\n\n>>> 1 + 1\n2\n\n.. [1] The note.\n.. [2] Alone.\n"
        ".. comment here\n"
    )
    assert shape(text) == [
        (P, 0, "Text with code and a link:"),
        (NOTE, 0, "The note."),
        (CODE, 0, "literal"),
        (CODE, 0, "def f():\n    pass"),
        (BlockKind.FORMULA, 0, "$$\nE = mc^2\n$$"),
        (P, 0, "Note: Mind this."),
        (P, 0, "More."),
        (P, 0, "Custom: Body"),
        (CAPTION, 0, "图 1 流程"),
        (P, 0, "line one\nline two"),
        (CODE, 0, ">>> 1 + 1\n2"),
        (NOTE, 0, "Alone."),
    ]
    assert parse(text).metadata == {"code_languages": ("python",)}


def test_what_sphinx_adds_is_read() -> None:
    text = (
        "Call :func:`~os.path.join` or :ref:`the guide <guide>`.\n\n.. toctree::\n\n   a\n   b\n\n"
        ".. versionadded:: 3.2\n   The option.\n\n.. deprecated:: 4\n\n"
        ".. py:function:: f(x)\n   :module: m\n\n   Does *it*.\n\n   .. note:: Inner\n"
    )
    assert shape(text) == [
        (P, 0, "Call join or the guide."),
        (P, 0, "Added in version 3.2: The option."),
        (P, 0, "Deprecated since version 4."),
        (P, 0, "f(x)"),
        (P, 0, "Does it."),
        (P, 0, "Note: Inner"),
    ]


def test_nothing_outside_the_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    text = (
        f"Hello\n\n.. include:: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n"
        f".. csv-table::\n   :file: {secret}\n\n.. literalinclude:: {secret}\n\n"
        f".. raw:: html\n\n   <b>SECRET</b>\n\n.. code:: python\n   :file: {secret}\n"
    )
    assert "SECRET" not in " ".join(b.text for b in parse(text).blocks)
    assert parse(text).blocks[0].text == "Hello"


def test_hostile_files() -> None:
    with pytest.raises(UnreadableFile, match="a line of"):
        parse("x" * 200_000)
    bomb = ".. |a| replace:: |b| |b|\n.. |b| replace:: |a| |a|\n\n|a| text\n"
    assert "text" in parse(bomb).blocks[-1].text


PIECES = st.sampled_from(
    ["A\n=\n\n", "- x\n", "  ", ".. note::\n", ".. [1] n\n", "[1]_ ", "`", "``", "|a|", "::\n\n",
     "中文", "+--+\n| a|\n+--+\n", "= =\n1 2\n= =\n", ":f: v\n", ".. foo:: bar\n\n   x\n", "*", "_"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read(text: str) -> None:
    assert all(block.text for block in parse("A word.\n\n" + text).blocks)
