"""Which language a question is in, and the fixed sentences of each."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
# A Chinese question often names things in English; one Han character weighs nearly as much as
# an English word, so that "什么是 retrieval augmented generation" is Chinese and "What does
# 北京 mean?" is English.
_HAN_PER_WORD = 0.7

UNKNOWN: dict[Language, str] = {
    "zh": "在所给的文档中没有找到这个问题的答案。",
    "en": "I could not find an answer to this question in the documents.",
}
NEAREST: dict[Language, str] = {
    "zh": "内容最接近的段落：",
    "en": "The nearest passages are:",
}

_NO_ANSWER = re.compile(
    r"(?:\b(?:not|no|n't|cannot|unable|without)\b.{0,60}\b(?:information|mention|mentioned|answer"
    r"|contain|found|find|say|state|specify|specified|provide|provided)\b.{0,80}"
    r"\b(?:passages?|documents?|context|texts?|sources?)\b)"
    r"|(?:\b(?:passages?|documents?|context|texts?|sources?)\b.{0,40}\b(?:not|no|n't)\b.{0,20}"
    r"\b(?:information|mention|answer|contain|say|state|specify|provide)\b)"
    r"|(?:(?:文档|段落|资料|文中|上下文|材料).{0,12}(?:没有|未|并未|无法).{0,8}"
    r"(?:提及|提到|说明|找到|包含|给出|提供|回答))|无法回答|没有找到.{0,12}答案",
    re.IGNORECASE | re.DOTALL,
)


def language(text: str) -> Language:
    """The leading language: "zh" where Chinese leads, else "en"."""
    han = len(_HAN.findall(text))
    words = len(_LATIN_WORD.findall(text))
    return "zh" if han and han >= _HAN_PER_WORD * words else "en"


def says_unknown(text: str) -> bool:
    """Whether the text, taken as a whole, says that the passages hold no answer."""
    stripped = " ".join(text.split())
    if any(sentence in stripped for sentence in UNKNOWN.values()):
        return True
    return len(stripped) <= 240 and _NO_ANSWER.search(stripped) is not None
