from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.numbers import missing, numbers


def lost(claim: str, evidence: str) -> list[str]:
    return missing(numbers(claim), numbers(evidence))


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("17,455", "17455"),
        ("１２３", "123"),
        ("3.50", "3.5"),
        ("007", "7"),
        ("17.455 billion", "$17,455 million"),
        ("174.55亿元", "17,455 million"),
        ("$17,455 million", "(in millions) 17,455"),
        ("3.5万", "35,000"),
        ("version 2.3.1", "2.3.1 was released"),
        ("0.5%", "0.50 %"),
        ("5千米", "5 千米"),
        ("no number", ""),
        ("AV 210", "the AV-210"),
        ("SP-240-115-B", "part SP-240-115-B"),
        ("in 2024", "FY-2024"),
        ("12 mm", "M6-12 mm, 12 mm"),
    ],
)
def test_same_number(claim: str, evidence: str) -> None:
    assert lost(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("17.45 million", "$17,455 million", ["17.45"]),
        ("$17,455", "$17,455 million", ["17455"]),
        ("17,455 billion", "17,455 million", ["17455"]),
        ("in 2020", "in 2021", ["2020"]),
        ("5", "15 50 5.5", ["5"]),
        ("2.3", "2.3.1", ["2.3"]),
        ("1 and 2", "", ["1", "2"]),
        ("part number 210", "the AV-210", ["210"]),
        ("115 pieces", "SP-240-115-B", ["115"]),
    ],
)
def test_other_number(claim: str, evidence: str, expected: list[str]) -> None:
    assert lost(claim, evidence) == expected


@given(st.integers(0, 10**15))
def test_separators_and_width_do_not_count(value: int) -> None:
    wide = str(value).translate({ord(str(d)): ord("０") + d for d in range(10)})
    assert lost(f"it is {value:,}", f"共 {value} 个") == []
    assert lost(f"it is {wide}", f"{value:,}.") == []
    assert lost(f"it is {value + 1}", f"{value:,}.") == [str(value + 1)]


@given(st.text())
def test_every_text_holds_its_own_numbers(text: str) -> None:
    assert lost(text, text) == []
