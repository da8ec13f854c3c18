"""Numbers as a spreadsheet shows them: number formats for dates, shares, thousands, currencies.

Source: ECMA-376, part 1, chapter 18.8.30 (numFmt) and 18.17.4.1 (dates as serial numbers).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache

_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_(.)|\*(.)|\[([^\]]*)\]|(AM/PM|A/P|上午/下午)|(General)|([eE][+-])|(.)',
    re.I | re.DOTALL,
)
_ELAPSED = re.compile(r"(?:h+|m+|s+)$", re.I)
_CURRENCY = re.compile(r"\$([^-\]]*)(?:-[0-9A-Fa-f]+)?$")
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)$")
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_HAN_DAYS = "一二三四五六日"
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a format: literal text, a date or time code, elapsed time, or a sign of the
    number itself."""

    kind: str
    text: str


def number_of(text: str) -> float | None:
    """The number that a cell's value states, None for other text."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def displayed(value: float, code: str, *, from_1904: bool = False) -> str:
    """The number in the format `code`, as it is shown on the screen. Blanks that only align
    are left out; a format that makes no sense shows the plain number."""
    section, shown_value = _section(value, code)
    tokens = _tokens(section[:_LONGEST])
    kinds = {token.kind for token in tokens}
    if "date" in kinds or "elapsed" in kinds:
        moment = _moment(value, from_1904=from_1904)
        if moment is None:
            return plain(value)
        return _as_date(moment, value, tokens).strip()
    if "general" in kinds or not kinds:
        text = plain(shown_value)
        return (
            "".join(
                text if t.kind == "general" else t.text for t in tokens if t.kind != "number"
            ).strip()
            or text
        )
    if "number" not in kinds:
        literal = "".join(t.text for t in tokens if t.kind == "literal").strip()
        return literal or ("" if section else plain(value))
    return _as_number(shown_value, tokens).strip()


def is_date(code: str) -> bool:
    """Whether the format shows numbers as dates or times."""
    return any(t.kind in ("date", "elapsed") for t in _tokens(_sections(code)[0][:_LONGEST]))


def plain(value: float) -> str:
    """The number as the General format shows it: 11 significant digits at most."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}" if abs(value) >= 1e-4 else f"{value:.6g}"
    return text.replace("e-0", "E-").replace("e+0", "E+").replace("e", "E")


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[str, ...]:
    """The parts for positive, negative and zero numbers and for text."""
    parts, current, quoted, escaped = [], "", False, False
    for char in code[: _LONGEST * 4]:
        if char == ";" and not quoted and not escaped:
            parts.append(current)
            current = ""
            continue
        quoted = quoted != (char == '"' and not escaped)
        escaped = char == "\\" and not escaped and not quoted
        current += char
    return (*parts, current)


def _section(value: float, code: str) -> tuple[str, float]:
    """The section that applies, and the number that it shows: the sign of a negative number
    is the section's affair."""
    sections = _sections(code)
    for section in sections[:3]:
        match = next(
            (m for t in re.findall(r"\[([^\]]*)\]", section) if (m := _CONDITION.match(t))), None
        )
        if match and _holds(value, match[1], float(match[2])):
            return section, abs(value) if match[1] in ("<", "<=") and len(sections) > 1 else value
        if match and section is sections[0] and len(sections) > 1:
            return sections[-1] if len(sections) == 2 else sections[1], value
    numeric = sections[:3]
    if value < 0 and len(numeric) > 1:
        return numeric[1], abs(value)
    if value == 0 and len(numeric) > 2:
        return numeric[2], value
    return numeric[0], value


def _holds(value: float, sign: str, limit: float) -> bool:
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


@lru_cache(maxsize=4096)
def _tokens(section: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    for quoted, escaped, pad, fill, bracket, half, general, power, char in _TOKEN.findall(section):
        if quoted or escaped:
            found.append(_Token("literal", quoted or escaped))
        elif pad or fill:
            if pad == " ":
                found.append(_Token("literal", " "))
        elif bracket:
            currency = _CURRENCY.match(bracket)
            if currency:
                found += [_Token("literal", currency[1])] if currency[1] else []
            elif _ELAPSED.match(bracket):
                found.append(_Token("elapsed", bracket.lower()))
        elif half:
            found.append(_Token("date", "am/pm"))
        elif general:
            found.append(_Token("general", "General"))
        elif power:
            found.append(_Token("number", "E" + power[1]))
        elif char:
            _add(found, char)
    return tuple(found)


def _add(found: list[_Token], char: str) -> None:
    """Add one plain character of a format; equal date letters make one code."""
    low = char.lower()
    if low in "ymdhsae" and char.isascii():
        if found and found[-1].kind == "date" and found[-1].text[0] == low:
            found[-1] = _Token("date", found[-1].text + low)
        else:
            found.append(_Token("date", low))
    elif char in "0#?.,%/@":
        found.append(_Token("number" if char != "@" else "general", char))
    else:
        found.append(_Token("literal", char))


def _moment(value: float, *, from_1904: bool) -> datetime | None:
    """The moment of a serial number of days; None before the calendar begins or after 9999.
    Excel's 1900 has a 29 February, so the numbers below 60 are a day behind."""
    if not 0 <= value < 2_958_466:
        return None
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if value < 60 else 30)
    days = int(value)
    micros = round((value - days) * 86_400_000) * 1000  # Excel keeps milliseconds
    try:
        return start + timedelta(days=days, microseconds=micros)
    except OverflowError:
        return None


def _as_date(moment: datetime, value: float, tokens: tuple[_Token, ...]) -> str:
    half = any(token.text == "am/pm" for token in tokens)
    codes = [n for n, t in enumerate(tokens) if t.kind in ("date", "elapsed")]
    if not any(t.text[:1] == "s" and "." in _next(tokens, n) for n, t in enumerate(tokens)):
        moment = _rounded(moment, tokens)
    out: list[str] = []
    for n, token in enumerate(tokens):
        if token.kind == "elapsed":
            out.append(_elapsed(value, token.text))
        elif token.kind == "date":
            place = codes.index(n)
            before = tokens[codes[place - 1]].text if place else ""
            after = tokens[codes[place + 1]].text if place + 1 < len(codes) else ""
            minute = token.text in ("m", "mm") and (before[:1] == "h" or after[:1] == "s")
            out.append(_date_part(moment, "minute" if minute else token.text, token.text, half))
        elif token.kind == "number" and token.text == "0":
            out.append(f"{moment.microsecond // 100_000}" if out and out[-1] == "." else "")
        elif token.kind == "number" and token.text == ".":
            out.append("." if _next(tokens, n) == "0" else "")
        elif token.kind in ("literal", "number"):
            out.append(token.text)
    return "".join(out)


def _next(tokens: tuple[_Token, ...], at: int) -> str:
    return tokens[at + 1].text if at + 1 < len(tokens) else ""


def _rounded(moment: datetime, tokens: tuple[_Token, ...]) -> datetime:
    """To whole seconds where seconds are shown, so that 11:59:59.9996 is 12:00:00."""
    if any(t.kind == "date" and t.text[0] == "s" for t in tokens) or moment.microsecond > 999_000:
        try:
            return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
        except OverflowError:
            return moment
    return moment


def _elapsed(value: float, code: str) -> str:
    total = round(value * 86_400)
    count = {"h": total // 3600, "m": total // 60, "s": total}[code[0]]
    return str(count).zfill(len(code))


def _date_part(moment: datetime, what: str, code: str, half: bool) -> str:
    size = len(code)
    hour = (moment.hour % 12 or 12) if half else moment.hour
    if what == "minute":
        return str(moment.minute).zfill(size)
    if what == "am/pm":
        return "AM" if moment.hour < 12 else "PM"
    if code[0] in "ye":
        return f"{moment.year % 100:02d}" if code[0] == "y" and size <= 2 else f"{moment.year:04d}"
    if code[0] == "m" and size > 2:
        name = _MONTHS.split()[moment.month - 1]
        return {3: name[:3], 5: name[:1]}.get(size, name)
    if code[0] == "d" and size > 2:
        name = _DAYS.split()[moment.weekday()]
        return name[:3] if size == 3 else name
    if code[0] == "a":
        day = _HAN_DAYS[moment.weekday()]
        return f"星期{day}" if size > 3 else day
    number = {"m": moment.month, "d": moment.day, "h": hour, "s": moment.second}[code[0]]
    return str(number).zfill(min(size, 2))


def _as_number(value: float, tokens: tuple[_Token, ...]) -> str:
    signs = [t.text for t in tokens if t.kind == "number"]
    pattern = "".join(signs)
    try:
        number = Decimal(repr(value))
    except InvalidOperation:
        return plain(value)
    if "/" in signs and not any(s.startswith("E") for s in signs):
        shown = _fraction(value, pattern)
    else:
        number *= Decimal(100) ** pattern.count("%")
        mantissa, power, _ = pattern.replace("%", "").partition("E")
        whole, _, decimals = mantissa.partition(".")
        thousands = len(whole) - len(whole.rstrip(","))
        if not decimals:
            number /= Decimal(1000) ** thousands
        else:
            number /= Decimal(1000) ** (len(decimals) - len(decimals.rstrip(",")))
        shown = (
            _scientific(number, whole, decimals)
            if power
            else _fixed(number, whole.rstrip(","), decimals.replace(",", ""))
        )
    return _placed(shown, tokens)


def _fixed(number: Decimal, whole: str, decimals: str) -> str:
    exact = Context(prec=2_000)
    number = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP, exact)
    digits, _, rest = f"{number.copy_abs():f}".partition(".")
    least = sum(sign == "0" for sign in whole)
    digits = digits.lstrip("0").zfill(least) if least or digits.strip("0") else ""
    if "," in whole:
        digits = f"{int(digits or 0):,}".zfill(least) if digits else digits
    while (
        rest and len(rest) <= len(decimals) and rest[-1] == "0" and decimals[len(rest) - 1] != "0"
    ):
        rest = rest[:-1]
    sign = "-" if number < 0 else ""
    return sign + digits + (f".{rest}" if rest else "")


def _scientific(number: Decimal, whole: str, decimals: str) -> str:
    if number.is_zero():
        power = 0
    else:
        step = max(len(whole), 1)
        power = number.adjusted() // step * step
        if round(abs(number.scaleb(-power)), len(decimals)) >= 10**step:
            power += step
    mantissa = _fixed(number.scaleb(-power), whole, decimals)
    return f"{mantissa}E{'-' if power < 0 else '+'}{abs(power):02d}"


def _fraction(value: float, pattern: str) -> str:
    """`2 1/4`: the nearest fraction with as many digits below as the format has."""
    from fractions import Fraction

    below = pattern.rpartition("/")[2]
    mixed = pattern.startswith("#")
    if below.isdecimal() and int(below):
        parts = Fraction(round(abs(value) * int(below)), int(below))
    else:
        parts = Fraction(abs(value)).limit_denominator(10 ** min(max(len(below), 1), 3) - 1)
    whole, rest = divmod(parts.numerator, parts.denominator)
    sign = "-" if value < 0 and parts else ""
    if not mixed:
        return f"{sign}{parts.numerator}/{parts.denominator}"
    if not rest:
        return f"{sign}{whole}"
    return (
        f"{sign}{whole} {rest}/{parts.denominator}"
        if whole
        else f"{sign}{rest}/{parts.denominator}"
    )


def _placed(shown: str, tokens: tuple[_Token, ...]) -> str:
    """The number between the literals of its format. Literals among its own signs, as in a
    telephone number, take their place counted from the right."""
    places = [n for n, t in enumerate(tokens) if t.kind == "number" and t.text != "%"]
    if not places:
        return shown
    first, last = places[0], places[-1]
    inner = [t for t in tokens[first : last + 1] if t.kind == "literal" or t.text == "%"]
    body = shown
    if inner and all(t.text in "0#" or t.kind == "literal" for t in tokens[first : last + 1]):
        body = _interleaved(shown, tokens[first : last + 1])
    sign = ""
    if body.startswith("-"):
        sign, body = "-", body[1:]
    head = "".join(t.text for t in tokens[:first])
    tail = "".join(t.text for t in tokens[last + 1 :])
    return f"{sign}{head}{body}{tail}"


def _interleaved(shown: str, tokens: tuple[_Token, ...]) -> str:
    digits = list(shown.lstrip("-"))
    out: list[str] = []
    signs = sum(t.kind == "number" for t in tokens)
    for token in reversed(tokens):
        if token.kind == "literal":
            if digits:
                out.append(token.text)
            continue
        signs -= 1
        if digits:
            out.append(digits.pop() if signs else "".join(digits))
            if not signs:
                digits = []
    return ("-" if shown.startswith("-") else "") + "".join(reversed(out))
