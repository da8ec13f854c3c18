"""Bullets that were typed as characters in front of a paragraph."""

from __future__ import annotations

import re

_TYPED = re.compile(
    "(?:[\u2022\u25cf\u25cb\u25aa\u25a0\u25a1\u25c6\u25c7\u25e6\u2023\u25b6\u25ba\u2605\u00b7"
    "\uf0b7\uf0a7\uf0d8\uf06c\uf06e]\\s*|[-\u2013*]\\s+)(?=\\S)"
)


def without_bullet(text: str) -> str | None:
    """The text behind its typed bullet, None where it begins with none."""
    match = _TYPED.match(text)
    return text[match.end() :] if match else None
