"""Markdown keeps its structure and all of its text."""

from __future__ import annotations

import pytest

from ingest.contract import BlockKind, Parsed, Source
from ingest.parse.markdown import MarkdownParser, read_front_matter

H, P, L = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM


def parse(text: str) -> Parsed:
    return MarkdownParser().parse(Source("a.md", text.encode(), "a.md"), "text/markdown")


def shape(text: str) -> list[tuple[BlockKind, int, str]]:
    return [(b.kind, b.level, b.text) for b in parse(text).blocks]


def test_headings_of_both_styles_and_paragraphs() -> None:
    assert shape("# A *b*\n\nText\nmore.\n\nC\n---\n\n中文\n断行。") == [
        (H, 1, "A b"),
        (P, 0, "Text more."),
        (H, 2, "C"),
        (P, 0, "中文断行。"),
    ]


def test_lists_nest_and_keep_their_numbers() -> None:
    text = "3. a\n4. b\n   - c\n\n     more c\n   - d\n5. e\n"
    assert shape(text) == [
        (L, 1, "3. a"),
        (L, 1, "4. b"),
        (L, 2, "- c"),
        (L, 2, "more c"),
        (L, 2, "- d"),
        (L, 1, "5. e"),
    ]


def test_table_keeps_its_header_and_escaped_pipes() -> None:
    (block,) = parse("| a | b |\n|---|:-:|\n| 1 | x\\|y |\n").blocks
    assert block.table is not None
    assert block.table.rows == (("a", "b"), ("1", "x|y"))
    assert block.table.header_rows == 1
    assert block.text.endswith("| 1 | x\\|y |")


def test_code_quotes_images_and_links() -> None:
    text = (
        "```python\ndef f():\n\n    return 1\n```\n\n> quoted [link](http://x)\n\n"
        "![a picture](p.png) `code` line  \nbreak\n"
    )
    assert shape(text) == [
        (BlockKind.CODE, 0, "def f():\n\n    return 1"),
        (P, 0, "quoted link"),
        (P, 0, "a picture code line\nbreak"),
    ]


def test_html_inside_markdown_keeps_its_text_and_tables() -> None:
    text = (
        "<!-- not seen -->\n\n<div>\n<p>In a box</p>\n<table><tr><th>a</th><th>b</th></tr>"
        "<tr><td>1</td><td>2</td></tr></table></div>\n\nx <b>bold</b><br>y\n"
    )
    kinds = shape(text)
    assert kinds[0] == (P, 0, "In a box")
    assert kinds[1][0] is BlockKind.TABLE and "| 1 | 2 |" in kinds[1][2]
    assert kinds[2] == (P, 0, "x bold\ny")


def test_front_matter_becomes_metadata() -> None:
    text = '---\ntitle: "A title"\ntags: [x, y]\nyear: 2021\nlist:\n  - a\n  - b\n---\n# H\n'
    parsed = parse(text)
    assert parsed.title == "A title"
    assert parsed.metadata == {
        "title": "A title",
        "tags": ("x", "y"),
        "year": 2021,
        "list": ("a", "b"),
    }
    assert [b.text for b in parsed.blocks] == ["H"]


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    assert [b.text for b in parse("---\nJust words here\n---\n").blocks] == ["Just words here"]
    assert read_front_matter("plain words") is None


@pytest.mark.parametrize(
    ("text", "title"),
    [("# One\n\nx\n\n## Two", "One"), ("# One\n\n# Two", ""), ("x\n\n# One", ""), ("", "")],
)
def test_title_is_a_single_leading_heading(text: str, title: str) -> None:
    assert parse(text).title == title


def test_deep_nesting_is_read() -> None:
    for mark in ("> ", "- "):
        assert "deep" in parse(mark * 300 + "deep").blocks[0].text
