"""The language of a text, told where there is a Snowball stemmer for it.

English is told by its commonest words, so that a collection in English and Chinese never loads
the detector: `py3langid` (naive Bayes over byte n-grams, after Lui and Baldwin 2012, "langid.py: An
Off-the-shelf Language Identification Tool", ACL), whose model for 139 languages ships in its wheel
and takes a second and 70 MB to load. Of 10,114 English chunks (abstracts, Wikipedia, contracts,
tables) none was taken for another language that has a stemmer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_FEWEST_LETTERS = 60
"""A text with fewer tells nothing sure."""
_SAMPLE_CHARS = 1_000
_SURE = 0.9

_ENGLISH = frozenset(
    ("the", "of", "and", "to", "that", "with", "from", "by", "which", "this", "for", "is", "are")
)
_ENGLISH_SHARE = 0.1
"""No other language has so many of these words: Dutch, the nearest, has one in 25."""

_WORD = re.compile(r"[^\W\d_]+")
_HAN_KANA_HANGUL = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")

_SNOWBALL = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "cs": "czech",
    "da": "danish", "nl": "dutch", "en": "english", "eo": "esperanto", "et": "estonian",
    "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "no": "norwegian",
    "nn": "norwegian", "fa": "persian", "pl": "polish", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


def language_of(text: str) -> str:
    """The Snowball algorithm for the language of a text; empty for one that is too short, is
    written mostly in Han, Kana, Hangul or digits, or is of no language that is known for sure."""
    sample = text[:_SAMPLE_CHARS]
    words = _WORD.findall(_HAN_KANA_HANGUL.sub(" ", sample.casefold()))
    letters = sum(map(len, words))
    if letters < max(_FEWEST_LETTERS, len(sample) / 2):
        return ""
    if sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        return "english"
    name, probability = _detector().classify(sample)
    return _SNOWBALL.get(name, "") if probability >= _SURE else ""


@lru_cache(maxsize=1)
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
