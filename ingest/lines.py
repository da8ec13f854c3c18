"""Lines that a layout cut, joined to running text again.

Latin lines join with a space, Chinese and Japanese ones without; a word that was hyphenated at
the line's end becomes one word again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPACELESS = re.compile(
    "[\u2e80-\u2fdf\u3000-\u303f\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\U00020000-\U0003134f]"
)
_HYPHENATED = re.compile(r"[^\W\d_]{2,}[-\u2010\u00ad]$")
_KEEPS_HYPHEN = re.compile(
    r"(?:^|\W)(?:well|self|non|long|short|high|low|full|half|cross|multi|ex|mid|much|ill|all|"
    r"one|two|three|four|five|first|second|third|year|third|real|state|so|follow|on|off)-$",
    re.IGNORECASE,
)
_COMPOUND = re.compile(r"[^\W\d_]-[^\W\d_]+-$")
_SENTENCE_END = re.compile(r"[.!?。！？…；;:：][\"'”’»）)\]」』】]*$")
_URL_TAIL = re.compile(r"(?:https?://|www\.)\S*[/\-_=&?.]$|://$")
_DASH_TAIL = re.compile(r"\w[–—/]$")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")


def is_spaceless(char: str) -> bool:
    """Whether the character belongs to a script that is written without spaces (Han, kana,
    their punctuation and the full-width forms)."""
    return bool(char) and _SPACELESS.match(char) is not None


def ends_sentence(text: str) -> bool:
    """Whether the text ends as a sentence or a lead-in does, closing quotes set aside."""
    return _SENTENCE_END.search(text.rstrip()) is not None


def unbreakable(text: str) -> int:
    """How many characters of another script (a number, a Latin word) a text begins with: they
    go to the next line together."""
    length = 0
    while length < min(len(text), 40) and not text[length].isspace():
        if is_spaceless(text[length]):
            break
        length += 1
    return length


def tidy(line: str) -> str:
    """One line with runs of blanks as one space, ends stripped, invisible characters out; a
    soft hyphen at the very end stays, for `join_lines` to judge."""
    soft = line.rstrip().endswith("\u00ad")
    cleaned = _SPACES.sub(" ", _INVISIBLE.sub("", line)).strip()
    return cleaned + "\u00ad" if soft and cleaned else cleaned


def join_lines(lines: Iterable[str]) -> str:
    """The lines of one paragraph as running text. Empty lines are passed over."""
    parts: list[str] = []
    last = ""
    for raw in lines:
        line = tidy(raw)
        if not line:
            continue
        if last:
            cut, glue = _seam(last, line)
            if cut:
                parts[-1] = parts[-1][:-1]
            if glue:
                parts.append(glue)
        parts.append(line)
        last = line
    return "".join(parts).rstrip("\u00ad")


def join_pair(first: str, second: str) -> str:
    """Two pieces of one paragraph as one text. Blanks inside the pieces stay as they are."""
    if not first or not second:
        return first or second
    cut, glue = _seam(first[-200:], second[:200])
    return (first[:-1] if cut else first) + glue + second


def _seam(before: str, after: str) -> tuple[bool, str]:
    """Whether the last character before the seam goes, and what is put in its place."""
    if before.endswith("\u00ad"):
        return True, ""
    if _HYPHENATED.search(before[-40:]) and after[0].islower():
        compound = _COMPOUND.search(before[-60:]) or _KEEPS_HYPHEN.search(before[-20:])
        return compound is None, ""
    if is_spaceless(before[-1]) or is_spaceless(after[0]):
        return False, ""
    tail = before[-200:].rsplit(" ", 1)[-1]
    if _URL_TAIL.search(tail) and (tail.endswith("/") or after[0].islower()):
        return False, ""
    if _DASH_TAIL.search(before[-2:]) and after[0].isalnum():
        return False, ""
    if before.endswith("-") and len(before) > 1 and before[-2].isalnum() and after[0].isalnum():
        return False, ""
    return False, " "
