"""Section numbers in one normal form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.section_numbers import section_number, section_path

_DIGITS = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """A number under a thousand as a heading has it: 一百零五, 二十, 十二."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else _DIGITS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (_DIGITS[ones] if ones else "")


@given(
    st.integers(1, 999), st.sampled_from([("章", "chapter"), ("节", "section"), ("条", "article")])
)
def test_chinese_numerals(number: int, kind: tuple[str, str]) -> None:
    mark, scheme = kind
    assert section_number(f"第{chinese(number)}{mark} 总则") == f"{scheme}:{number}"
    assert section_number(f"第{number}{mark} 总则") == f"{scheme}:{number}"


@pytest.mark.parametrize(
    ("heading", "number"),
    [
        ("第二〇条 附则", "article:20"),
        ("第一百零五条之一 违反规定", "article:105-1"),
        ("第二部分 财务", "part:2"),
        ("（三）其他", "list:3"),
        ("十、结论", "list:10"),
        ("1 Introduction", "decimal:1"),
        ("2.1 参数", "decimal:2.1"),
        ("２．１ 参数", "decimal:2.1"),
        ("2.1.3 Results", "decimal:2.1.3"),
        ("Article 4 Scope", "article:4"),
        ("ARTICLE IV. Legislative Power", "article:4"),
        ("Chapter IX The Storm", "chapter:9"),
        ("Part II", "part:2"),
        ("III. Methods", "roman:3"),
        ("Appendix B Forms", "appendix:B"),
        ("APPENDIX II", "appendix:II"),
        ("Appendix A.1 Proofs", "appendix:A.1"),
        ("附录B 表格", "appendix:B"),
        ("附录 一 表格", "appendix:1"),
        ("附件1：表格", "appendix:1"),
        ("附录", "appendix"),
        ("Item 7A. Quantitative Disclosures", "item:7A"),
        ("Section 2.03 Notices", "section:2.3"),
        ("① 甲", "list:1"),
        ("Introduction", None),
        ("2021 Results", None),
        ("", None),
    ],
)
def test_schemes(heading: str, number: str | None) -> None:
    assert section_number(heading) == number


def test_a_path_keeps_the_numbered_headings_alone() -> None:
    path = ("第二章 产品", "概览", "2.1 参数", "（一）尺寸")
    assert section_path(path) == ("chapter:2", "decimal:2.1", "list:1")


@given(st.text(max_size=40))
def test_any_heading_is_taken(heading: str) -> None:
    number = section_number(heading)
    assert number is None or number.strip() == number
