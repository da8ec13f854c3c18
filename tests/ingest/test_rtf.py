"""Rich Text keeps its structure; whatever the file is, reading it ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import Block, BlockKind, Parsed, Source, UnreadableFile
from ingest.parse.rtf import RtfParser

H, P, L = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
STYLES = (
    r"{\fonttbl{\f0\froman\fcharset0 Times New Roman;}{\f1\fmodern\fcharset0 Courier New;}"
    r"{\f2\fnil\fcharset134 SimSun;}{\f3\fnil\fcharset2 Symbol;}}"
    r"{\colortbl;\red0\green0\blue0;}"
    r"{\stylesheet{\s0 Normal;}{\s1\outlinelevel0\b\fs32 heading 1;}{\s2\sbasedon0 heading 2;}"
    r"{\s3 caption;}{\s4 Title;}{\s5 toc 1;}{\*\cs10 Default;}}"
)


def parse(body: str | bytes, head: str = r"\ansi\ansicpg1252\deff0", **options: bool) -> Parsed:
    data = body if isinstance(body, bytes) else body.encode("latin-1")
    data = b"{\\rtf1" + head.encode() + STYLES.encode() + data + b"}"
    return RtfParser(**options).parse(Source("a.rtf", data, "a.rtf"), "application/rtf")


def shape(body: str | bytes, head: str = r"\ansi\ansicpg1252\deff0") -> list[tuple[str, int, str]]:
    return [(b.kind.value, b.level, b.text) for b in parse(body, head).blocks]


def table(body: str) -> Block:
    (found,) = [b for b in parse(body).blocks if b.kind is BlockKind.TABLE]
    return found


def test_headings_by_style_and_outline_level() -> None:
    body = (
        r"\pard\s4 The Book\par\pard\s1 One\par\pard\plain Text \b bold\b0  more.\par"
        r"\pard\s2 Two\par\pard\outlinelevel2 Three\par\pard\s3 Figure 1\par"
    )
    assert shape(body) == [
        (H, 1, "The Book"),
        (H, 1, "One"),
        (P, 0, "Text bold more."),
        (H, 2, "Two"),
        (H, 3, "Three"),
        ("caption", 0, "Figure 1"),
    ]
    assert parse(body).title == "The Book"


def test_headings_by_size_where_no_style_says_so() -> None:
    body = "".join(
        rf"\pard\fs36 Chapter {n}\par\fs28 Part {n}\par\fs24\b Short\b0\par "
        r"A line of running text that is long enough to be the body of it all.\par "
        for n in (1, 2)
    )
    assert [b[1] for b in shape(body)] == [1, 2, 3, 0, 1, 2, 3, 0]


def test_size_and_weight_of_east_asian_text() -> None:
    plain = r"\pard\plain\rtlch\afs30 \ltrch\loch\fs22\dbch\af2"
    title = rf"{plain}{{\dbch\afs32\ab\u31532?\u19968?\u31456?}}\par"
    body = rf"{plain}{{\dbch " + r"\u27491?\u25991?" * 20 + r"}\par "
    assert [b[1] for b in shape(title + body + body)] == [1, 0, 0]


def test_unicode_code_pages_and_what_stands_for_characters() -> None:
    assert shape(r"\uc1\u20013?\u25991\'3f \u-10179?\u-8704?\par")[0][2] == "中文 😀"
    assert shape(r"\uc2\u20013\'d6\'d0\u25991\'ce\'c4!\par")[0][2] == "中文!"
    assert shape(r"\uc0\u20013 x\par")[0][2] == "中x"
    assert shape(r"{\f2\'d6\'d0\'ce\'c4} caf\'e9 \ldblquote a\rdblquote\~b\_c\par")[0][2] == (
        "中文 café “a”\u00a0b-c"
    )
    head = r"\ansi\ansicpg936"
    assert shape(r"\'d6\'d0\'ce\'c4\par", head)[0][2] == "中文"
    assert shape("直接写的中文\\par".encode("gbk"), head)[0][2] == "直接写的中文"
    assert shape(r"\'a4\'a4\'a4\'e5\par", r"\ansi\ansicpg950")[0][2] == "中文"
    assert shape(r"\'87\'d3 \'bb\'41\par", head)[0][2] == "囉 籄"


def test_lists_take_their_marks_from_the_file() -> None:
    body = (
        r"\pard\ls1{\listtext\tab 1.\tab}First\par{\listtext\tab 2.\tab}Second\par"
        r"\pard\ls1\ilvl1{\listtext\f3\'b7\tab}Inner\par"
        r"\pard{\pntext\f3\'b7\tab}{\*\pn\pnlvlblt\pnf1{\pntxtb\'b7}}Old\par\pard After\par"
    )
    assert shape(body) == [
        (L, 1, "1. First"),
        (L, 1, "2. Second"),
        (L, 2, "- Inner"),
        (L, 1, "- Old"),
        (P, 0, "After"),
    ]


ROW = r"\trowd\trhdr\cellx1000\cellx2000\cellx3000 "


def test_table_with_header_and_merged_cells() -> None:
    body = (
        r"Before\par" + ROW + r"\pard\intbl City\cell A\par B\cell C|D\cell\row"
        r"\trowd\clvmgf\cellx1000\cellx3010 \pard\intbl Paris\cell wide\cell\row"
        r"\trowd\clvmrg\cellx1000\clmgf\cellx2000\clmrg\cellx3000 \pard\intbl\cell x\cell\cell\row"
        r"\pard After\par"
    )
    found = table(body)
    assert found.table is not None
    assert found.table.header_rows == 1
    assert found.table.rows == (
        ("City", "A B", "C|D"),
        ("Paris", "wide", "wide"),
        ("Paris", "x", "x"),
    )
    assert [b.text for b in parse(body).blocks][0::2] == ["Before", "After"]


def test_two_tables_and_a_table_in_a_cell() -> None:
    row = r"\trowd\cellx900\cellx1800\pard\intbl a\cell b\cell\row"
    kinds = [b[0] for b in shape(row + r"\pard\par x\par" + row)]
    assert kinds == ["table", "paragraph", "table"]
    nested = (
        r"\trowd\cellx900\cellx1800\pard\intbl a\cell \pard\intbl\itap2 in\nestcell ner\nestcell"
        r"{\*\nesttableprops\trowd\cellx5\nestrow}{\nonesttables\par}\pard\intbl\itap1\cell\row"
        r"\trowd\cellx900\cellx1800\pard\intbl c\cell d\cell\row"
    )
    rows = table(nested).table
    assert rows is not None and rows.rows == (("a", "in ner"), ("c", "d"))


def test_notes_furniture_fields_and_hidden_text() -> None:
    body = (
        r"{\header\pard Running head\par}{\footer Page \chpgn\par}"
        r"Word{\super\chftn}{\footnote\pard{\super\chftn} The note.\par Second.} goes on"
        r" {\field{\*\fldinst HYPERLINK http://x}{\fldrslt link}}{\v hidden}{\deleted gone}.\par"
        r"{\field{\*\fldinst TOC \\o}{\fldrslt \pard One\tab 1\par Two\tab 2\par}}"
        r"\pard\s5 Three\par"
        r"\pard{\*\bkmkstart x}{\pict\pngblip 89504e47}"
        r"{\object{\*\objdata 0105}{\result Shown}}\par"
        r"\pard Para{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard In a box\par}}} ends\par"
    )
    assert shape(body) == [
        (P, 0, "Word goes on link."),
        ("footnote", 0, "The note.\nSecond."),
        ("furniture", 0, "One\t1"),
        ("furniture", 0, "Two\t2"),
        ("furniture", 0, "Three"),
        (P, 0, "Shown"),
        (P, 0, "Para ends"),
        (P, 0, "In a box"),
        ("furniture", 0, "Page"),
        ("furniture", 0, "Running head"),
    ]
    assert parse(body, page_furniture=False).blocks[-1].text == "In a box"


def test_code_in_a_font_of_fixed_width() -> None:
    body = r"\pard\f1 def f():\par\f1     return \{1\}\par\pard\f0 Text\par"
    assert shape(body) == [("code", 0, "def f():\n    return {1}"), (P, 0, "Text")]


def test_metadata() -> None:
    body = (
        r"{\info{\title \'d1\u233?t\'e9}{\author Ann}{\subject S}{\keywords a, b}"
        r"{\creatim\yr2020\mo3\dy4\hr5\min6}{\revtim\yr0\mo0\dy0}{\doccomm Note}}x\par"
    )
    parsed = parse(body)
    assert parsed.title == "Ñété"
    assert parsed.metadata == {
        "author": "Ann",
        "created": "2020-03-04T05:06",
        "description": "Note",
        "keywords": "a, b",
        "subject": "S",
    }


def test_what_is_no_rtf_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="does not begin"):
        RtfParser().parse(Source("a", b"hello", "a.rtf"), "application/rtf")


@pytest.mark.parametrize(
    "body",
    [
        "{" * 100_000 + "deep",
        "}" * 1000 + "deep",
        r"deep\bin99999999999999 x",
        r"\u99999999999\u-99999\uc99999 deep{\uc3\u1",
        r"\trowd\cellx1\cell\cell\row\cell\row\row deep",
        r"\trowd" + r"\cellx9" * 5000 + r"\pard\intbl deep" + r"\cell" * 5000 + r"\row",
        "deep" + "\\" * 1001,
        r"\fs-1\ilvl99999999\outlinelevel-5\s99999\ansicpg99999 deep",
    ],
)
def test_hostile_files_are_read(body: str) -> None:
    parsed = parse(body)
    assert all(0 <= b.level <= 21 for b in parsed.blocks)


CONTROLS = (
    r"{ } \par \cell \row \trowd \cellx9 \intbl \pard \s1 \u20013? \'d6 \'d0 \f2 \f3 {\footnote "
    r"{\header {\info {\title {\field{\*\fldinst {\fldrslt {\shptxt {\stylesheet {\fonttbl "
    r"{\listtext \ls1 \ilvl3 \uc0 \bin3 \v \plain \* {\*\x {\pict \itap2 \nestcell"
)
WORDS = st.sampled_from([*CONTROLS.split(), " ", "text", "\\", "\r\n", "\xd6\xd0"])


@given(st.lists(WORDS, max_size=60).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_controls_is_read(body: str) -> None:
    for block in parse(body).blocks:
        assert block.text
        assert block.kind is not BlockKind.TABLE or block.table is not None
