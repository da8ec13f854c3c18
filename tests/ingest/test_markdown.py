"""Markdown keeps its structure and all of its text."""

from __future__ import annotations

import pytest

from ingest.contract import BlockKind, Parsed, Source
from ingest.front_matter import read_pairs
from ingest.parse.markdown import MarkdownParser

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
    assert read_pairs("plain words") is None


@pytest.mark.parametrize(
    ("text", "title"),
    [("# One\n\nx\n\n## Two", "One"), ("# One\n\n# Two", ""), ("x\n\n# One", ""), ("", "")],
)
def test_title_is_a_single_leading_heading(text: str, title: str) -> None:
    assert parse(text).title == title


def test_deep_nesting_is_read() -> None:
    for mark in ("> ", "- "):
        assert "deep" in parse(mark * 300 + "deep").blocks[0].text


def test_front_matter_names_what_all_formats_name() -> None:
    text = (
        "---\ntitle: 手册\nauthors:\n  - name: 王小明\n  - Ann Lee\ndate: 2024-05-01\n"
        "language: zh-CN\ntags: 制度、人事\ndraft: false\nseo: {weight: 3}\nbig: 1e999\n---\n正文\n"
    )
    assert parse(text).metadata == {
        "title": "手册",
        "authors": ({"name": "王小明"}, "Ann Lee"),
        "author": "王小明, Ann Lee",
        "date": "2024-05-01",
        "created": "2024-05-01",
        "language": "zh-CN",
        "lang": "zh-CN",
        "tags": ("制度", "人事"),
        "draft": False,
        "seo": {"weight": 3},
        "big": "1e999",
    }


def test_front_matter_in_toml_and_not_quite_yaml() -> None:
    assert parse("+++\ntitle = 'T'\ndate = 2024-05-01\n+++\nx").metadata["created"] == "2024-05-01"
    assert parse("---\ntitle: One: two\n---\nx").title == "One: two"
    laughs = "---\na: &a [x, x]\n" + "".join(f"{c}: &{c} [*a, *a]\n" for c in "bcd") + "---\nx"
    assert [b.text for b in parse(laughs).blocks] == ["x"]


def test_footnotes_follow_the_block_that_refers_to_them() -> None:
    text = "One.[^a]\n\nTwo.^[inline]\n\n- item[^b]\n\n[^a]: First\n    more\n\n[^b]: 第二\n"
    assert shape(text) == [
        (P, 0, "One."),
        (BlockKind.FOOTNOTE, 0, "First more"),
        (P, 0, "Two."),
        (BlockKind.FOOTNOTE, 0, "inline"),
        (L, 1, "- item"),
        (BlockKind.FOOTNOTE, 0, "第二"),
    ]


def test_formulas_tasks_definitions_alerts_and_captions() -> None:
    text = (
        "Price $5 and $6, but $a_1*b_2*c$.\n\n$$\nE = mc^2\n$$\n\n- [x] done\n- [ ] open\n\n"
        "Term\n: Meaning\n\n> [!WARNING]\n> Hot.\n\n![图 1 流程](a.png)\n\nSee [[Page|the page]].\n"
    )
    assert shape(text) == [
        (P, 0, "Price $5 and $6, but $a_1*b_2*c$."),
        (BlockKind.FORMULA, 0, "$$\nE = mc^2\n$$"),
        (L, 1, "- [x] done"),
        (L, 1, "- [ ] open"),
        (L, 1, "- Term: Meaning"),
        (P, 0, "Warning: Hot."),
        (BlockKind.CAPTION, 0, "图 1 流程"),
        (P, 0, "See the page."),
    ]


def test_code_languages_and_heading_ids() -> None:
    parsed = parse("# A {#intro}\n\n```python title=x\n1\n```\n\n~~~{.r}\n2\n~~~\n")
    assert parsed.metadata == {"code_languages": ("python", "r")}
    assert parsed.blocks[0].text == "A"


def test_a_whole_file_in_the_wrong_encoding() -> None:
    broken = "# 员工手册\n\n休假制度\n".encode().decode("latin-1")
    assert shape(broken)[:1] == [(H, 1, "员工手册")]
