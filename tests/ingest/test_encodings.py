from __future__ import annotations

import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import UnreadableFile
from ingest.encodings import declared_charset, decode, looks_binary

SIMPLIFIED = (
    "公司成立于二〇〇三年，总部位于杭州市。主要产品包括工业机器人、传感器和控制系统，客户遍及全国三十个省份。"
    "截至去年年底，员工总数为一千二百人，其中研发人员占百分之四十。董事会决定增加对新能源设备的投资，并计划在"
    "两年之内建成第二座工厂。环境部门对项目进行了评估，认为它符合国家标准，不会影响附近居民的生活用水。"
)
TRADITIONAL = (
    "公司成立於二零零三年，總部位於臺北市。主要產品包括工業機器人、感測器和控制系統，客戶遍及全國各個縣市。"
    "截至去年年底，員工總數為一千二百人，其中研發人員佔百分之四十。董事會決定增加對新能源設備的投資，並計劃在"
    "兩年之內建成第二座工廠。環境部門對專案進行了評估，認為它符合國家標準，不會影響附近居民的生活用水。"
)


def samples(text: str, length: int) -> list[str]:
    chosen = random.Random(length)
    return [text[i : i + length] for i in (chosen.randrange(len(text) - length) for _ in range(40))]


@pytest.mark.parametrize("length", [6, 10, 20, 50, 100])
@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "gb18030", "gb18030"),
    ],
)
def test_short_chinese_is_told_apart(text: str, codec: str, name: str, length: int) -> None:
    wrong = []
    for sample in samples(text, length):
        found = decode(sample.encode(codec))
        if found.text != sample or found.encoding != name:
            wrong.append((sample, found))
    allowed = 3 if length < 10 else 0
    assert len(wrong) <= allowed, wrong


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("Le café était fermé à cause de la grève. 20 €", "cp1252", "windows-1252"),
        ("It’s “quoted” — in plain English text", "cp1252", "windows-1252"),
        ("Straße und Übermut, naïve Größen", "cp1252", "windows-1252"),
        ("Привет, мир! Как дела сегодня?", "cp1251", "windows-1251"),
        ("これはテストの文章です。漢字とカナ。", "cp932", "shift_jis"),
        ("안녕하세요 세계 오늘은 날씨가 좋습니다", "cp949", "euc-kr"),
        ("Revenue 收入 in 2021 was 12 亿元 (RMB), 同比增长 20%.", "gbk", "gb18030"),
    ],
)
def test_other_legacy_encodings(text: str, codec: str, name: str) -> None:
    found = decode(text.encode(codec))
    assert (found.text, found.encoding, found.replaced) == (text, name, 0)


@pytest.mark.parametrize(
    ("mark", "codec", "name"),
    [
        (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32-be"),
    ],
)
def test_byte_order_mark_decides(mark: bytes, codec: str, name: str) -> None:
    found = decode(mark + "Größe 尺寸".encode(codec))
    assert (found.text, found.encoding) == ("Größe 尺寸", name)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), min_size=1))
def test_utf8_always_round_trips(text: str) -> None:
    assert decode(text.encode("utf-8")).text == text


@given(st.binary(max_size=400))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        assert isinstance(decode(data).text, str)
    except UnreadableFile:
        assert data


def test_one_broken_byte_does_not_change_the_encoding() -> None:
    data = bytearray((SIMPLIFIED * 3).encode("utf-8"))
    data[100] = 0xFF
    found = decode(bytes(data))
    assert found.encoding == "utf-8"
    assert found.replaced >= 1
    assert SIMPLIFIED in found.text
    legacy = bytearray("\n".join([SIMPLIFIED] * 5).encode("gbk"))
    legacy[100] = 0xFF
    found = decode(bytes(legacy))
    assert found.encoding == "gb18030"
    assert SIMPLIFIED in found.text


def test_late_chinese_in_a_long_ascii_file_is_found() -> None:
    text = "plain line\n" * 20_000 + SIMPLIFIED
    assert decode(text.encode("gbk")).text == text


def test_charset_of_html_is_honoured_where_it_decodes() -> None:
    page = '<html><head><meta charset="big5"></head><body>國</body></html>'
    data = page.encode("big5")
    assert declared_charset(data) == "big5"
    assert decode(data, declared_charset(data)).text == page
    lying = page.encode("utf-8")
    assert decode(lying, declared_charset(lying)).text == page
    assert (
        declared_charset(b'<meta http-equiv="x" content="text/html; charset=gb2312">') == "gb18030"
    )
    assert declared_charset(b"<p>no charset</p>") is None
    assert declared_charset(b"<meta charset=klingon>") is None


def test_noise_is_not_text() -> None:
    noise = random.Random(7).randbytes(5_000)
    assert looks_binary(noise)
    with pytest.raises(UnreadableFile, match="not text"):
        decode(noise)
    assert not looks_binary(SIMPLIFIED.encode("utf-16-le"))
    assert not looks_binary(TRADITIONAL.encode("big5"))


def test_stray_nuls_make_no_binary_of_a_text() -> None:
    for encoding in ("utf-8", "gb18030"):
        text = "会议纪要：项目进展顺利，请各部门按时提交材料。\n" * 30
        dirty = (text[:300] + "\x00" + text[300:]).encode(encoding)
        assert not looks_binary(dirty)
        assert decode(dirty).text.replace("\x00", "") == text
    padded = b"A log that was cut off.\n" * 9 + bytes(4096)
    assert not looks_binary(padded)
    assert decode(padded).text == "A log that was cut off.\n" * 9
    assert looks_binary(bytes(range(256)) * 9)
    assert looks_binary(b"some words\x00\x00\x01\x02" * 50)
