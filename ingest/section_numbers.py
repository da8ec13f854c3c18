"""Section numbers of headings in one normal form, so that a chapter can be asked for.

A heading's number becomes "scheme:number": `第二章` and `Chapter II` are both "chapter:2", `2.1`
is "decimal:2.1", `（三）` is "list:3", `Article 4` and `第四条` are "article:4", `Appendix B` and
`附录B` are "appendix:B".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ingest.numbering import numbering

_FAMILIES = {
    "cn-part": "part",
    "cn-chapter": "chapter",
    "cn-section": "section",
    "subsection": "section",
    "cn-article": "article",
    "cn-list": "list",
    "cn-paren": "list",
    "paren": "list",
    "circled": "list",
    "dec1": "decimal",
    "dec2": "decimal",
    "dec3": "decimal",
    "dec4": "decimal",
    "roman": "roman",
}
"""Schemes of ingest.numbering by what they say; one that is not named stands for itself."""

_LATIN_OWN = ("appendix", "item")
"""Where letters are the number itself: Appendix C, Item 1A."""

_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_CHINESE = re.compile("[" + "".join([*_UNITS, *_DIGITS]) + "]+")
_ROMAN = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})$")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_DECIMAL = re.compile(r"\d+(?:\.\d+)*")
_APPENDIX = re.compile(
    r"(?:附[录錄件]|APPENDIX|ANNEX)\s*(?P<number>["
    + "".join([*_UNITS, *_DIGITS])
    + r"]+|[IVX]{2,}|[A-Z]?(?:\.?\d+)*)(?![A-Za-z])",
    re.IGNORECASE,
)
_ARTICLE_OF = re.compile(r"^之([" + "".join(_DIGITS) + r"十]+)")


def section_number(heading: str) -> str | None:
    """The number at the head of a heading as "scheme:number"; the scheme alone where it has no
    number (`附录`); None where it has neither."""
    found = numbering(heading)
    if found is None:
        return None
    scheme = _FAMILIES.get(found.scheme, found.scheme)
    if scheme == "appendix":
        head = _APPENDIX.match(unicodedata.normalize("NFKC", heading.lstrip()))
        number = head["number"].upper() if head else _normal(found.number, scheme)
        return _named(scheme, _of_chinese(number))
    number = _normal(found.number, scheme)
    # Articles that a later law put in between: 第一百零五条之一.
    after = _ARTICLE_OF.match(found.title) if scheme == "article" else None
    if after and number:
        number = f"{number}-{_of_chinese(after[1])}"
    return _named(scheme, number)


def section_path(headings: Sequence[str]) -> tuple[str, ...]:
    """The numbers of the headings that have one, outermost first."""
    return tuple(number for heading in headings if (number := section_number(heading)) is not None)


def _named(scheme: str, number: str) -> str:
    return f"{scheme}:{number}" if number else scheme


def _normal(written: str, scheme: str) -> str:
    """The number itself out of what is written at the head of a heading."""
    text = unicodedata.normalize("NFKC", written)
    chinese = _CHINESE.search(text)
    if chinese:
        return _of_chinese(chinese.group())
    if scheme in _LATIN_OWN:
        return re.sub(r"^[A-Za-z]+\s+|\W+$", "", text).upper()
    decimal = _DECIMAL.search(text)
    if decimal:
        return ".".join(str(int(part)) for part in decimal.group().split("."))
    return _of_roman(re.sub(r"\W", "", text.split()[-1]))


def _of_chinese(text: str) -> str:
    """Decimal digits of a Chinese numeral (一百二十, 二〇); any other text as it is."""
    if not text or not _CHINESE.fullmatch(text):
        return text
    if not any(char in _UNITS for char in text):
        return str(int("".join(str(_DIGITS[char]) for char in text)))
    total = section = digit = 0
    for char in text:
        if char not in _UNITS:
            digit = _DIGITS[char]
        elif char == "万":
            total += (section + digit) * _UNITS[char]
            section = digit = 0
        else:
            section += (digit or 1) * _UNITS[char]
            digit = 0
    return str(total + section + digit)


def _of_roman(text: str) -> str:
    """Decimal digits of a Roman numeral; any other text as it is."""
    if not text or not _ROMAN.match(text):
        return text
    values = [_ROMAN_VALUES[char] for char in text]
    following = [*values[1:], 0]
    return str(sum(-v if v < n else v for v, n in zip(values, following, strict=True)))
