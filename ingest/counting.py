"""Numbers as lists and headings write them: `iv`, `c`, `十二`, `壹`, `③`."""

from __future__ import annotations

from collections.abc import Mapping

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_PLAIN = ("〇一二三四五六七八九", "十百千")
_LEGAL = ("零壹贰叁肆伍陆柒捌玖", "拾佰仟")
_LEGAL_TRADITIONAL = ("零壹貳參肆伍陸柒捌玖", "拾佰仟")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
_SCRIPTS: Mapping[str, tuple[str, str]] = {
    "chineseCounting": _PLAIN,
    "chineseCountingThousand": _PLAIN,
    "taiwaneseCounting": _PLAIN,
    "taiwaneseCountingThousand": _PLAIN,
    "japaneseCounting": _PLAIN,
    "chineseLegalSimplified": _LEGAL,
    "ideographLegalTraditional": _LEGAL_TRADITIONAL,
    "japaneseLegal": _LEGAL_TRADITIONAL,
}


def written(count: int, form: str) -> str:
    """A number in a form as WordprocessingML names it (ST_NumberFormat); decimal for the forms
    that are not known and the numbers that a form cannot write."""
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 9)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        numeral = _roman(count)
        return numeral.upper() if form == "upperRoman" else numeral
    if form in _SCRIPTS and 0 < count < 10_000:
        return _chinese(count, *_SCRIPTS[form])
    if form in ("ideographDigital", "japaneseDigitalTenThousand") and count > 0:
        return "".join(_PLAIN[0][int(digit)] for digit in str(count))
    return _sign(count, form) or (f"{count:02d}" if form == "decimalZero" else str(count))


def _roman(count: int) -> str:
    numeral = ""
    for size, sign in _ROMAN:
        numeral += sign * (count // size)
        count %= size
    return numeral


def _chinese(count: int, digits: str, units: str) -> str:
    """`一百零五`, `十二` (not `一十二`): as counted in words."""
    out = ""
    gap = False
    for place, digit in enumerate(map(int, str(count))):
        unit = len(str(count)) - 1 - place
        if not digit:
            gap = bool(out)
            continue
        if gap:
            out += "零"
            gap = False
        if not (digit == 1 and unit == 1 and not out and digits is _PLAIN[0]):
            out += digits[digit]
        out += units[unit - 1] if unit else ""
    return out


def _sign(count: int, form: str) -> str:
    """A number that is one character, or full-width digits."""
    if form in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and 0 < count <= 20:
        return chr(0x2460 + count - 1)
    if form == "ideographEnclosedCircle" and 0 < count <= 10:
        return chr(0x3280 + count - 1)
    if form == "decimalEnclosedParen" and 0 < count <= 20:
        return chr(0x2474 + count - 1)
    if form == "decimalEnclosedFullstop" and 0 < count <= 20:
        return chr(0x2488 + count - 1)
    if form == "ideographTraditional" and 0 < count <= 10:
        return _STEMS[count - 1]
    if form == "ideographZodiac" and 0 < count <= 12:
        return _BRANCHES[count - 1]
    if form in ("decimalFullWidth", "decimalFullWidth2"):
        return str(count).translate(_FULL_WIDTH)
    return ""
