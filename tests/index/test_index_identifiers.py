"""Codes, numbers, units, versions and dates meet however they are written, and nothing else."""

from __future__ import annotations

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import ANALYZER

from index.contract import IDENTIFIER_MARK
from index.identifiers import identifiers
from index.words import normalize, runs

LETTERS = st.text("ABCDEFGHKMPRXYZ", min_size=2, max_size=5)
DIGITS = st.text("0123456789", min_size=2, max_size=6)
JOINTS = st.sampled_from(["-", "_", ".", "/", "", "\u2010", "－"])
MONTHS = list(calendar.month_name)[1:]


def whole(text: str, *, in_query: bool = False) -> list[str]:
    found = identifiers(text, in_query=in_query)
    assert all(term.startswith(IDENTIFIER_MARK) for term in found)
    return [term.removeprefix(IDENTIFIER_MARK) for term in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("PPR-9087", ["ppr9087"]),
        ("the PPR9087, and", ["ppr9087"]),
        ("ppr_9087/ppr.9087", ["ppr9087", "ppr9087ppr", "ppr9087ppr9087"]),
        ("ＰＰＲ－９０８７", ["ppr9087"]),
        ("水泵AV-200的", ["av200"]),
        ("AV-200-X", ["av200", "av200x"]),
        ("GB/T 50016-2014", ["gbt50016", "gbt500162014"]),
        ("ISO 9001", ["iso9001"]),
        ("in 2003", []),
        ("3.11.2", ["3.11", "3.11.2"]),
        ("v3.11.2", ["3.11", "3.11.2"]),
        ("Python 3.11", ["3.11"]),
        ("1,234.5", ["1234.5"]),
        ("1234.5", ["1234.5"]),
        ("12V", ["12v"]),
        ("12 V", ["12v"]),
        ("12 A", ["12a"]),
        ("12 a day", []),
        ("5kg", ["5kg"]),
        ("5 KG", ["5kg"]),
        ("１２．５ ㎏", ["12.5", "12.5kg"]),
        ("20 ℃", ["20°c"]),
        ("10–20 kg", ["20kg"]),
        ("99.9 %", ["99.9", "99.9%"]),
        ("2024-03-05T10:00", ["2024-03", "2024-03-05"]),
        ("2024年3月", ["2024-03"]),
        ("March 2024", ["2024-03"]),
        ("2024-13-05", []),
        ("state-of-the-art, 24/7, 2010-2015", []),
        ("deadbeef0123456789abcdef0123456789abcdef01234", []),
        ("", []),
    ],
)
def test_what_is_found(text: str, wanted: list[str]) -> None:
    assert whole(text) == wanted


def test_a_query_takes_any_short_word_before_a_number_along() -> None:
    assert whole("ppr 9087", in_query=True) == ["ppr9087"]
    assert whole("ppr 9087") == []
    assert set(whole("version 3.11.2", in_query=True)) >= {"3.11", "3.11.2"}


@given(letters=LETTERS, digits=DIGITS, joint=JOINTS, lower=st.booleans(), around=st.booleans())
def test_spellings_of_a_code_meet_whole_and_in_parts(
    letters: str, digits: str, joint: str, lower: bool, around: bool
) -> None:
    code = letters + joint + digits
    code = code.lower() if lower else code
    text = f"型号{code}，见表" if around else f"see {code}."
    plain = letters.lower() + digits
    assert plain in whole(text)
    assert plain in whole(code, in_query=True)
    words = [run for _, run in runs(normalize(text))]
    assert {letters.lower(), digits} <= set(words)


@given(LETTERS, DIGITS, DIGITS)
def test_codes_that_differ_do_not_meet(letters: str, one: str, other: str) -> None:
    if one != other:
        assert set(whole(f"{letters}-{one}")) & set(whole(f"{letters}-{other}")) == set()


@given(st.integers(1, 10**12), st.integers(0, 99))
def test_thousands_may_be_parted_by_commas(number: int, hundredths: int) -> None:
    assert ANALYZER.terms(f"{number:,}") == ANALYZER.terms(str(number)) == [str(number)]
    assert whole(f"{number:,}.{hundredths:02}") == whole(f"{number}.{hundredths:02}") != []


@given(
    st.integers(1, 9_999),
    st.sampled_from(["V", "kW", "mm", "kg", "MPa", "Hz", "m3/h", "°C", "%", "Ω", "µm"]),
)
def test_a_unit_may_stand_apart(number: int, unit: str) -> None:
    both = set(whole(f"共 {number} {unit}。")) & set(whole(f"共{number}{unit}。"))
    assert [term for term in both if term.startswith(str(number))] != []


@given(st.dates(date(1500, 1, 1), date(2199, 12, 31)))
def test_a_date_is_one_term_however_it_is_written(day: date) -> None:
    month = MONTHS[day.month - 1]
    forms = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year} 年 {day.month} 月 {day.day} 日",
        f"{month} {day.day}, {day.year}",
        f"{month[:3]}. {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        f"the {day.day}th of {month.lower()} {day.year}",
    ]
    wanted = [f"{day.year}-{day.month:02}", day.isoformat()]
    assert [whole(f"on {form} it") for form in forms] == [wanted] * len(forms)


@given(st.text())
def test_any_text_gives_terms_without_white_space(text: str) -> None:
    found = identifiers(text)
    assert found == identifiers(text)
    assert all(len(term.split()) == 1 and len(term) > 2 for term in found)
    assert set(found) <= set(identifiers(text, in_query=True))
