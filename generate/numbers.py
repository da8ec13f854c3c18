"""Numbers in text, brought to one form so that two writings of a number can be compared.

Width, thousands separators, leading and trailing zeros do not count; a scale word does:
"17,455 million", "17.455 billion" and "174.55亿" are the same number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_NUMBER = re.compile(
    r"(?<![\d.])(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)*)"
    r"(?:\s?(?P<scale>万亿|十亿|千万|百万|亿|億|万|萬|千(?!米|克|瓦|卡|赫|字节)"
    r"|(?:thousand|million|billion|trillion|mn|bn)\b))?",
    re.IGNORECASE,
)
_SCALES = {
    "千": 3,
    "thousand": 3,
    "万": 4,
    "萬": 4,
    "百万": 6,
    "million": 6,
    "mn": 6,
    "千万": 7,
    "亿": 8,
    "億": 8,
    "十亿": 9,
    "billion": 9,
    "bn": 9,
    "万亿": 12,
    "trillion": 12,
}
_IN_CODE = re.compile(r"(?<![A-Za-z0-9])([A-Z]{1,6})\d*(?:[-_/][A-Za-z0-9]+)*[-_/]$")
"""What stands before a number that is part of a code ("AV-", "SP-240-")."""
_UNDER_CODE = re.compile(r"(?<![A-Za-z0-9])([A-Z]{1,6}) ?$")
_CODE_CHARS = 24
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST = 40  # digits; longer runs are identifiers and are compared as they are written


@dataclass(frozen=True, slots=True)
class Number:
    """`digits` is the number as written, in normal form; `value` counts the scale word in;
    `scaled` says whether there was one. `start` and `end` are offsets in the folded text.
    `code` are the capitals that it follows ("AV" in "AV-210" and in "AV 210"); `in_code` says
    whether it hangs on them, so that by itself it says nothing.
    """

    digits: str
    value: str
    scaled: bool
    start: int
    end: int
    code: str = ""
    in_code: bool = False


def numbers(text: str) -> list[Number]:
    """Every number of the text in order. Version-like runs ("2.3.1") are one number each."""
    folded = unicodedata.normalize("NFKC", text)
    found: list[Number] = []
    for match in _NUMBER.finditer(folded):
        digits = _plain(match["digits"])
        scale = (match["scale"] or "").lower()
        value = _scaled(digits, _SCALES[scale]) if scale else digits
        start, end = match.span()
        before = folded[max(0, start - _CODE_CHARS) : start]
        hangs = None if _YEAR.fullmatch(digits) else _IN_CODE.search(before)
        code = hangs or _UNDER_CODE.search(before)
        letters = code[1] if code else ""
        found.append(Number(digits, value, bool(scale), start, end, letters, hangs is not None))
    return found


def missing(claimed: Iterable[Number], given: Iterable[Number]) -> list[str]:
    """The claimed numbers that are not among the given ones, as written, in order.

    A number with a scale word may also stand without it in the evidence (a table "in
    millions"); one without a scale word is not held up by the same digits with one. "210" by
    itself is not held up by "AV-210"; "AV 210" is.
    """
    evidence = list(given)
    values = {number.value for number in evidence if not number.in_code}
    coded = {number.value for number in evidence}
    codes = {(number.code, number.value) for number in evidence if number.in_code}
    bare = {number.digits for number in evidence if not number.scaled}
    return [
        number.digits
        for number in claimed
        if number.value not in (coded if number.in_code else values)
        and (number.code, number.value) not in codes
        and not (number.scaled and number.digits in bare)
    ]


def _plain(written: str) -> str:
    digits = written.replace(",", "")
    if digits.count(".") > 1 or len(digits) > _LONGEST:
        return digits
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0" if not digits.startswith("0.") else digits


def _scaled(digits: str, power: int) -> str:
    if digits.count(".") > 1 or len(digits) > _LONGEST:
        return digits
    value = f"{Decimal(digits).scaleb(power):f}"
    return value.rstrip("0").rstrip(".") if "." in value else value
