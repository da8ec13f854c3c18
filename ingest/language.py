"""A guess at the language of a text from its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")
_KANA = re.compile("[\u3041-\u30fa]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
# Part numbers, addresses of mail and pages are of no language.
_LATIN_WORD = re.compile(
    r"(?<![\w.@/-])[a-z\u00c0-\u024f]+(?![\w.-]*[\d@])", re.ASCII | re.IGNORECASE
)
_SAMPLE_CHARS = 200_000


def language_of(texts: Iterable[str]) -> str:
    """`zh`, `en` (any text in Latin letters), `mixed` (Chinese and Latin, neither a mere
    sprinkling), `ja`, `ko`, `ru` or `other`."""
    sample = "\n".join(islice(texts, 2_000))[:_SAMPLE_CHARS]
    han = len(_HAN.findall(sample))
    latin = len(_LATIN_WORD.findall(sample))
    counts = {
        "ja": len(_KANA.findall(sample)),
        "ko": len(_HANGUL.findall(sample)),
        "ru": len(_CYRILLIC.findall(sample)) // 5,
    }
    total = han + latin + sum(counts.values())
    if not total:
        return "other"
    if counts["ja"] * 5 > han + counts["ja"] and counts["ja"] * 3 > latin:
        return "ja"
    for name in ("ko", "ru"):
        if counts[name] * 2 > total:
            return name
    # A Latin word weighs as much as two Han characters, which make about one word.
    share = han / (han + 2 * latin) if han + latin else 0.0
    if share >= 0.8:
        return "zh"
    return "en" if share <= 0.1 else "mixed"
