"""Text repair: what is certainly wrong is put right, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contract import Block, BlockKind
from ingest.pipeline import document_from_text
from ingest.repair import repair, repair_block, repair_metadata
from ingest.tables import make_table, table_block, to_markdown

CHINESE = (
    "中华人民共和国国务院关于印发《深化标准化工作改革方案》的通知。",
    "公司2021年实现营业收入12.3亿元，同比增长15%，主要由于成本下降。",
    "员工每年享有十五天年假，具体安排由部门经理决定。",
    "臺灣的經濟發展與社會變遷，需要長期觀察。",
    "“你好！”他说：‘明天（星期三）见……’——她点了点头。",
)
ENGLISH = (
    "The price is £20 or €25, and it’s a “bargain” — says André…",
    "Naïve résumés from Zürich: don’t send them to Malmö.",
)
OTHERS = (
    "«CAFÉ» est à côté de l’hôtel… Où êtes-vous né ? « Élève doué »…",
    "Ça va? Él está aquí. ¿Éste? ¡Ánimo! A «IRMÃ» não é má.",
    "Müller größer Straße Ärger, Übung „Ö“ – ÄÖÜ äöü ß",
    "日本語の文章は、漢字とかなで書かれています。ﾊﾝｶｸも可。",
    "浠水县与涓流、涪陵、溆浦、滁州、漯河、渌口、澧县。",
    "Москва — столица России. Ελλάδα. 서울은 한국의 수도이다.",
    "ที่นี่\u200bประเทศไทย, क्\u200dष, شرکت\u200cها \u200f(x)",
    "👨\u200d👩\u200d👧 ❤️ 🏴\U000e0067\U000e0062\U000e007f 1️⃣",
    "他说到这里······停了一下（注︰1992年前）",
    "Ａ股与Ｔ恤，第１章，ＡＢＣ公司",
    "−5 °C, 3 × 4 ± 1, a–b, x² ≤ y; Fig. 1½",
)


def as_cp1252(text: str) -> str:
    """The text's UTF-8 read as Windows-1252, the five unassigned bytes as browsers read them."""
    out = []
    for byte in text.encode():
        raw = bytes([byte])
        out.append(raw.decode("cp1252" if byte not in b"\x81\x8d\x8f\x90\x9d" else "latin-1"))
    return "".join(out)


@pytest.mark.parametrize("text", [*CHINESE, *ENGLISH, *OTHERS])
def test_correct_text_is_not_touched(text: str) -> None:
    assert repair(text) == text


@pytest.mark.parametrize("text", [*CHINESE, *ENGLISH, "第一章 总则", "中文"])
def test_utf8_read_as_western_is_undone(text: str) -> None:
    assert repair(as_cp1252(text)) == text
    assert repair(text.encode().decode("latin-1")) == text


@given(st.lists(st.sampled_from([*CHINESE, *ENGLISH]), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_wrong_passage_inside_a_right_text_is_undone(parts: list[str]) -> None:
    broken = "前面的文字是正确的。\n" + as_cp1252(" ".join(parts)) + "\n后面的也是。"
    assert repair(broken) == "前面的文字是正确的。\n" + " ".join(parts) + "\n后面的也是。"


def read_as_gbk(text: str) -> str:
    return text.encode().decode("gb18030", "replace")


@given(
    st.text(
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主", min_size=2
    )
)
@settings(max_examples=200, deadline=None)
def test_utf8_read_as_gbk_is_undone(text: str) -> None:
    fixed = repair(read_as_gbk(text))
    # Bytes that GBK could not pair are lost for good: at most one character at the end.
    assert fixed in (text, text[:-1] + "\ufffd") or len(text) < 4


def test_gbk_passage_between_right_ones() -> None:
    broken = f"正确的文字：{read_as_gbk('员工手册第二版修订说明')}。结束"
    assert repair(broken) == "正确的文字：员工手册第二版修订说�。结束"
    assert repair(read_as_gbk("员工手册")) == "员工手册"
    assert repair("锟斤拷锟斤拷") == "����"


@pytest.mark.parametrize("text", [CHINESE[0], CHINESE[1], CHINESE[2]])
def test_gbk_read_as_latin_is_undone(text: str) -> None:
    assert repair(text.encode("gb2312").decode("latin-1")) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("⼀⽉⻚⻓⻢ 神\uf9b2", "一月页长马 神零"),
        ("ﬁnd the oﬃce ﬂoor", "find the office floor"),
        ("zero\u200bwidth\u00ad and \ufeffmark\u2060", "zerowidth and mark"),
        ("\u202epassword\u202c", "password"),
        ("ignore\U000e0041\U000e0042 this", "ignore this"),
        ("iPhone１２和Ａ4纸", "iPhone12和A4纸"),
        ("ＡＢＣ １２３ Inc", "ABC 123 Inc"),
        ("\uf0b7 item\n\uf0fc done", "• item\n✓ done"),
        ("from \uf02d5.2 to \u00ad3%", "from −5.2 to -3%"),
        ("2019\u00ad2020", "2019-2020"),
        ("cafe\u0301 か\u3099", "café が"),
        ("a\x00b\x07c\x0bd\x0ce\x1ef", "abc\nd\ne-f"),
        ("wait\x85 \x93quoted\x94", "wait… “quoted”"),
        ("\ufe41竪\ufe42", "「竪」"),
        ("\ud83d\ude00 smile", "😀 smile"),
    ],
)
def test_characters(before: str, after: str) -> None:
    assert repair(before) == after


ODD = st.sampled_from(
    [*"\u00ad\u200b\u200d\u202e\uf0b7\uf02d⼀⻚ﬁＡ１\x85\x0b\ufeff\ue15f", "â€™", "Ã©",
     "涓\ue15f枃", "ÖÐ»ªÈËÃñ", "锟斤拷", "👨", "\u0301", "e", "5", " ", "中", "«", "»", "\ufffd"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(ODD, max_size=15).map("".join)))
@settings(max_examples=200, deadline=None)
def test_a_second_repair_changes_nothing(text: str) -> None:
    once = repair(text)
    assert repair(once) == once


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=200))
def test_ascii_is_the_same_object(text: str) -> None:
    assert repair(text) is text


def test_cells_and_rendering_stay_together() -> None:
    block = table_block(make_table([["ç¨�ç�®"], ["ﬁve | six"]]))
    fixed = repair_block(table_block(make_table([[as_cp1252("项目")], ["ﬁve | six"]])))
    assert fixed.table is not None
    assert fixed.table.rows == (("项目",), ("five | six",))
    assert fixed.text == to_markdown(fixed.table)
    clean = table_block(make_table([["项目"], ["x"]]))
    assert repair_block(clean) is clean
    assert repair_block(block).table is not None


def test_a_heading_stays_on_one_line() -> None:
    assert repair_block(Block(BlockKind.HEADING, "one\x0btwo", 1)).text == "one two"


def test_metadata_is_repaired_in_depth() -> None:
    found = repair_metadata({"author": as_cp1252("王小明"), "n": 3, "tags": [as_cp1252("中国")]})
    assert found == {"author": "王小明", "n": 3, "tags": ("中国",)}


def test_every_document_is_repaired() -> None:
    document = document_from_text("a", as_cp1252("员工手册"), f"The ﬁrst line. {CHINESE[0]}\u200b")
    assert document.title == "员工手册"
    assert document.blocks[0].text == f"The first line. {CHINESE[0]}"
