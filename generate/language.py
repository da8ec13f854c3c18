"""Which language a question is in, and the fixed sentences of each."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]
Script: TypeAlias = Literal["zh", "zh-hant", "en"]
"""What people are spoken to in: Chinese in the characters that they use themselves."""

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")
# A Chinese question often names things in English; one Han character weighs nearly as much as
# an English word, so that "什么是 retrieval augmented generation" is Chinese and "What does
# 北京 mean?" is English.
_HAN_PER_WORD = 0.7

# Characters that stand in traditional or in simplified text alone, common in questions.
_TRADITIONAL = frozenset(
    "麼個們這為會來時說對開關長間問題後過還發給讓請嗎幾張讀寫學業產質費員額單價報銷機電話號區國際標準檢驗證書條處務與從經營"
    "補償維護損壞無須應當選擇設備儀傳動連線參數壓縮軸東車頁門見體實現點頭樣幫總結義資訊軟"
)
_SIMPLIFIED = frozenset(
    "么个们这为会来时说对开关长间问题过还发给让请吗几张读写学业产质费员额单价报销机电话号区国际标准检验证书条处务与从经营补偿"
    "维护损坏无须应当选择设备仪传动连线参数压缩轴东车页门见体实现点头样帮总结义资讯软"
)

UNKNOWN: dict[Script, str] = {
    "zh": "在所给的文档中没有找到这个问题的答案。",
    "zh-hant": "在所給的文件中沒有找到這個問題的答案。",
    "en": "I could not find an answer to this question in the documents.",
}
NEAREST: dict[Script, str] = {
    "zh": "内容最接近的段落：",
    "zh-hant": "內容最接近的段落：",
    "en": "The nearest passages are:",
}

_NO_ANSWER = re.compile(
    r"(?:\b(?:not|no|n't|cannot|unable|without)\b.{0,60}\b(?:information|mention|mentioned|answer"
    r"|contain|found|find|say|state|specify|specified|provide|provided)\b.{0,80}"
    r"\b(?:passages?|documents?|context|texts?|sources?)\b)"
    r"|(?:\b(?:passages?|documents?|context|texts?|sources?)\b.{0,40}\b(?:not|no|n't)\b.{0,20}"
    r"\b(?:information|mention|answer|contain|say|state|specify|provide)\b)"
    r"|(?:(?:文档|段落|资料|文中|上下文|材料).{0,12}(?:没有|未|并未|无法).{0,8}"
    r"(?:提及|提到|说明|找到|包含|给出|提供|回答))|无法回答|没有找到.{0,12}答案"
    r"|(?:文檔|文件|段落|資料|文中|上下文|材料).{0,12}(?:沒有|未|並未|無法).{0,8}"
    r"(?:提及|提到|說明|找到|包含|給出|提供|回答)|無法回答|沒有找到.{0,12}答案",
    re.IGNORECASE | re.DOTALL,
)


def language(text: str) -> Language:
    """The leading language: "zh" where Chinese leads, else "en"."""
    han = len(_HAN.findall(text))
    words = len(_LATIN_WORD.findall(text))
    return "zh" if han and han >= _HAN_PER_WORD * words else "en"


def script(text: str) -> Script:
    """The leading language, and of Chinese the characters: traditional where more of those that
    only one of the two has are."""
    if language(text) == "en":
        return "en"
    traditional = sum(char in _TRADITIONAL for char in text)
    simplified = sum(char in _SIMPLIFIED for char in text)
    return "zh-hant" if traditional > simplified else "zh"


def says_unknown(text: str) -> bool:
    """Whether the text, taken as a whole, says that the passages hold no answer."""
    stripped = " ".join(text.split())
    if any(sentence in stripped for sentence in UNKNOWN.values()):
        return True
    return len(stripped) <= 240 and _NO_ANSWER.search(stripped) is not None
