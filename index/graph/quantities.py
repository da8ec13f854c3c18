"""Dates, amounts with their units, and identifiers in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.graph.contract import EntityType
from index.graph.spans import NUMBERS, NameSpan

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_DATES = (
    re.compile(rf"\b{_DAY}(?: of)? {_MONTH}\.?,? {_YEAR}\b"),
    re.compile(rf"\b{_MONTH}\.? {_DAY},? ?{_YEAR}\b"),
    re.compile(rf"\b{_MONTH}\.?,? {_YEAR}\b"),
    re.compile(
        r"(?<![0-9.])(?:1[5-9]|2[01])[0-9]{2}([-/.])(?:0?[1-9]|1[0-2])\1(?:[12][0-9]|3[01]|0?[1-9])(?![0-9])"
    ),
    re.compile(
        r"(?<![0-9])[0-9]{3,4}(?:[-–—~至][0-9]{3,4})? ?年(?:代|(?: ?[0-9]{1,2} ?月(?: ?[0-9]{1,2} ?[日号號])?)?)(?!级|制|龄)"
    ),
)
_BIG = "(?:万亿|千亿|百亿|十亿|亿|千万|百万|万|千|百)?(?:多|余)?"
_MONEY = "(?:人民币|元|美元|欧元|英镑|日元|港元|港币|新台币|卢布|韩元)"
_AMOUNTS = (
    re.compile(
        r"[$€£¥￥]\s?[0-9][0-9,]{0,24}(?:\.[0-9]{1,12})?(?: (?:million|billion|trillion|thousand))?"
    ),
    re.compile(rf"(?<![0-9.])[0-9][0-9,]{{0,24}}(?:\.[0-9]{{1,12}})? ?{_BIG}{_MONEY}"),
    re.compile(r"(?<![0-9.])[0-9][0-9,]{0,24}(?:\.[0-9]{1,12})? ?(?:%|％|‰)"),
    re.compile(
        r"(?<![0-9.,])[0-9][0-9,]{0,24}(?:\.[0-9]{1,12})? ?(?:kg|km|mg|mm|cm|kWh|kW|MW|GW|GHz|MHz|kHz|Hz|GB|MB|TB|"
        r"kV|mV|dB|kPa|MPa|°C|℃|km²|km/h|公里|千米|平方公里|平方米|公斤|千克|吨|毫米|厘米|公顷|mmHg)(?![A-Za-z])"
    ),
    re.compile(
        r"(?<![0-9.,])[0-9][0-9,]{0,24}(?:\.[0-9]{1,12})? (?:million|billion|trillion) (?:dollars|euros|pounds|yen|yuan)\b"
    ),
)
_CODE = re.compile(
    r"(?<![A-Za-z0-9_.-])(?=[A-Za-z]{1,12}[-_/.]?[A-Za-z]{0,12}[0-9])[A-Z][A-Za-z]{0,9}[-_/.]?[0-9][A-Za-z0-9]*(?:[-_/.][A-Za-z0-9]+){0,5}(?![A-Za-z0-9])"
)


def quantities(text: str) -> Iterator[NameSpan]:
    """Dates, amounts and codes, each as it is written."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            yield NameSpan(match.start(), match.end(), EntityType.DATE, NUMBERS)
    for pattern in _AMOUNTS:
        for match in pattern.finditer(text):
            yield NameSpan(match.start(), match.end(), EntityType.AMOUNT, NUMBERS)
    for match in _CODE.finditer(text):
        if match.end() - match.start() > 2:
            yield NameSpan(match.start(), match.end(), EntityType.IDENTIFIER, NUMBERS)
