"""Which language a question is in, and the fixed sentences and stop words of each."""

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

# Words that ask or bind and say nothing about the subject.
_FUNCTION_WORDS = """
a an the of in on at to for from by with as and or but if than that this these those it its is are
was were be been being do does did done has have had can could will would shall should may might
must not no so such there their they them he she his her him we our you your i me my what which
who whom whose when where why how many much long often far old please tell give list describe
explain about into during between also according 的 了 和 与 及 或 是 在 为 为了 有 对 从 到 由 于
以 被 把 将 也 都 就 而 但 其 该 此 这 那 这个 那个 哪 哪个 哪些 哪里 哪儿 哪一 哪年 哪位 哪种
什么 怎么 怎样 如何 为何 为什么 多少 几 多久 多长 多大 谁 何 何时 何地 是否 吗 呢 吧 啊 请 请问
一下 一个 一种 之 所 中 上 下 里 内 的话 关于 根据 它 它们 他 她 他们 我 我们 你 你们 时候 什麼
怎麼 為什麼 哪裡 哪個 多 少 個 个 種 种 位 名 項 项 是什么 有哪些 以及 并 並 與 為 於 們 這 會 会
能 可以 可 等 是多少 被称为 称为 叫做 叫 哪一年 那么
"""

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


def function_words() -> tuple[str, ...]:
    """Stop words of both languages, as written; an analyzer makes terms of them."""
    return tuple(_FUNCTION_WORDS.split())


def says_unknown(text: str) -> bool:
    """Whether the text, taken as a whole, says that the passages hold no answer."""
    stripped = " ".join(text.split())
    if any(sentence in stripped for sentence in UNKNOWN.values()):
        return True
    return len(stripped) <= 240 and _NO_ANSWER.search(stripped) is not None
