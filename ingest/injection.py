"""Knowing a text that speaks to a language model instead of to a reader.

What no honest document holds: forged fences and roles of a chat, text that cannot be seen, orders
to forget the rules or to tell the reader's words to a stranger. It is a list of signs, not a proof.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ingest.contract import BlockKind, Chunk

HIDDEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
"""Characters that are not seen: of no width, changing the direction, or tags."""
_TAGS = re.compile("[\U000e0020-\U000e007f]")
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LETTER = "[A-Za-z\u4e00-\u9fff]"
_CUT_WORD = re.compile(f"(?<={_LETTER})[\u200b\u200c\u2060\ufeff](?={_LETTER})")
_MANY_CUTS = 3  # a few stand in honest web pages, where a long word may be broken
ROLE = re.compile(
    r"<\|\s*/?\s*(?:im_start|im_end|im_sep|system|user|assistant|end|endoftext|eot_id|start_header_id"
    r"|end_header_id|begin_of_text|begin_of_sentence|end_of_sentence|return|channel|message|start)\s*\|>"
    r"|<[｜|](?:User|Assistant|begin▁of▁sentence|end▁of▁sentence)[｜|]>"
    r"|\[/?INST\]|<</?SYS>>|</?start_of_turn>|</?end_of_turn>|<s>\s*\[|</s>"
    r"|</?passage\b|<think>|</think>",
    re.IGNORECASE,
)
"""What parts the roles of a chat, in the templates of models, or the passages of a prompt."""

_ORDERS = (
    (
        ("ignore", "disregard", "forget", "override", "bypass", "do not follow", "do not obey"),
        r"\b(?:ignore|disregard|forget|override|bypass|do not (?:follow|obey))\b[^.!?]{0,30}"
        r"\b(?:previous|prior|above|earlier|preceding|all (?:other|your|the)|your|system|these"
        r"|those)\b[^.!?]{0,30}\b(?:instructions?|rules?|prompts?|directions?|guidelines?"
        r"|messages?|passages?|context)\b"
        r"|\b(?:ignore|disregard|forget) (?:the|your|all|any) (?:rules?|instructions?|prompts?) "
        r"and (?:say|answer|reply|respond|write|output|print)\b",
    ),
    (
        ("instruction", "prompt"),
        r"\b(?:new|updated|real|secret|hidden) (?:system )?(?:instructions?|prompt)\s*[:：]"
        r"|\b(?:reveal|print|repeat|output|leak|show)\b.{0,20}\b(?:your|the) (?:system )?"
        r"(?:prompt|instructions)\b",
    ),
    (
        ("system", "developer", "assistant"),
        r"^\W*(?:system|developer|assistant) (?:message|prompt|note|override)\s*[:：]"
        r"|^\W*(?:system|developer|assistant)\s*[:：][^\n]{0,80}"
        r"\b(?:you|answers?|reply|respond|ignore|instructions?|operator)\b",
    ),
    (
        ("you are now", "you must now", "from now on"),
        r"\byou are now (?:an? |the )?(?:ai|assistant|chatbot|dan|free|unrestricted|jailbroken)\b"
        r"|\byou must now (?:answer|reply|respond|say|obey)\b"
        r"|\bfrom now on,? (?:you (?:must|will|should|shall) (?:only |always )?)?"
        r"(?:answer|reply|respond)\b",
    ),
    (
        (" ai", " llm", "language model", " chatbot"),
        r"\b(?:as an?|dear|attention|note to(?: the)?|instructions? (?:to|for)(?: the)?) "
        r"(?:ai|ai assistant|llm|(?:large )?language model|chatbot)s?\b(?! ?-)",
    ),
    (
        ("regardless", "no matter", "whatever", "ignore", "instead", "exactly", "only"),
        r"\b(?:answer|reply|respond|say|state|write|claim)\b.{0,30}\b(?:only|always|instead|every"
        r"|to (?:any|all|every))\b.{0,30}\b(?:question|answer|with|that|word|sentence)\b.{0,80}"
        r"\b(?:regardless|no matter|whatever|ignore|instead|exactly|only)\b",
    ),
    (
        ("answer", "reply", "replys", "response"),
        r"\b(?:append|add|include|insert|embed|attach)\b.{0,60}\b(?:to|in|at the end of) "
        r"(?:your|every|each|the|any) (?:answer|reply|response)s?\b",
    ),
    (
        ("asked", "user asks", "anyone asks"),
        r"\b(?:when|if) (?:asked|a user asks|the user asks|anyone asks|you are asked)\b.{0,80}"
        r"\b(?:say|answer|reply|respond|state|claim|tell)\b",
    ),
    (
        ("忽略", "无视", "忽視", "無視", "忘记", "忘掉", "不要理会", "遵守", "跳过"),
        r"(?:忽略|无视|忽視|無視|忘记|忘掉|不要理会|不要遵守|不再遵守|跳过)[^。！？]{0,12}"
        r"(?:之前|以上|上述|前面|先前|上面|所有|全部|其他|你的|系统|系統|其它)[^。！？]{0,12}"
        r"(?:指令|指示|规则|規則|要求|提示|说明|内容|段落|命令)",
    ),
    (
        ("系统", "系統", "开发者"),
        r"(?:系统|系統|开发者)(?:消息|提示|指令|提示词|訊息|通知)\s*[:：]"
        r"[^\n]{0,40}(?:回答|回复|回覆|答复|忽略|无视|不要|必须|你)",
    ),
    (
        ("从现在", "從現在起", "接下来", "你现在是", "你現在是", "扮演"),
        r"(?:从现在(?:起|开始)|從現在起|接下来)[,，]?\s*"
        r"(?:你(?:是|要|必须|只|应)|请(?:你|只|一律)|必须(?:只|一律))"
        r"|(?:你现在是|你現在是|请你?扮演|請你?扮演)",
    ),
    (
        ("系统提示", "提示词", "system prompt"),
        r"(?:泄露|输出|显示|告诉).{0,8}(?:系统提示|提示词|system prompt)",
    ),
    (
        ("请", "請", "必须", "必須", "务必", "一律", "只能", "统一"),
        r"(?:必须|必須|务必|一律|只能|统一)(?:你|要|须|只)?"
        r"(?:回答|回复|回覆|答复|输出|輸出|声称|说成)(?:[:：“\"「]|说|為|为|成)"
        r"|(?:请|請)(?:你|只)?(?:回答|回复|回覆|答复|输出|輸出|声称|说成)(?:[“\"「]|说|為|为|成)",
    ),
    (
        ("致", "给", "告"),
        r"(?:致|给|告)\s*(?:(?:ai|人工智能|大?语言模型|大模型)(?:助手|机器人)?|助手|机器人)\s*[:：]",
    ),
)  # fmt: skip
"""Orders in small letters, and for each the words one of which is in all that it finds: looking for
these costs a tenth of looking for the order."""
_PATTERNS = tuple((words, re.compile(order, re.MULTILINE)) for words, order in _ORDERS)
_CARRIER = re.compile(
    r"!\[[^\]]*\]\(\s*<?(?:https?:)?//[^)\s]*[?&][^)\s=]*=[^)]*\)|<(?:script|iframe|object|embed)\b"
    r"|\bon(?:error|load|click)\s*=|javascript:|<!--.{0,400}?-->|<img\b[^>]*\bsrc\b"
    r"|(?:display\s*:\s*none|font-size\s*:\s*0|visibility\s*:\s*hidden)",
    re.IGNORECASE | re.DOTALL,
)
_CARRIERS = (
    "![", "<", "onerror", "onload", "onclick", "javascript:", "display", "font-size", "visibility",
)  # fmt: skip
_CODE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_SPACED = re.compile(r"\b(?:\w[ .·*_-]){5,}\w\b")
_MIXED = re.compile(r"[A-Za-z][\u0370-\u04ff0134]|[\u0370-\u04ff0134][A-Za-z]")
_LOOKALIKES = str.maketrans("аеорсхіуАЕОРСХІΟοΑαΕε0134", "aeopcxiyAEOPCXIOoAaEeoiea")


def signs(text: str, *, is_code: bool = False) -> str:
    """What shows that a text speaks to a model, in a few words; "" where nothing does. Markup that
    stands in a block of code, or in a text that `is_code`, is meant to be read and does nothing."""
    if not text.isascii():
        if _TAGS.search(text) or _TURNED.search(text):
            return "characters that are not seen"
        if HIDDEN.search(text) and len(_CUT_WORD.findall(text)) >= _MANY_CUTS:
            return "words cut by characters that are not seen"
    plain = HIDDEN.sub("", unicodedata.normalize("NFKC", text))
    if any("<" in form or "[" in form for form in (text, plain)) and (
        ROLE.search(text) or ROLE.search(plain)
    ):
        return "marks of a chat or a prompt"
    if not is_code and _carries(plain):
        return "markup that acts by itself"
    if any(_orders(form.lower()) for form in _forms(plain)):
        return "orders to a language model"
    return ""


def signs_in(chunk: Chunk) -> str:
    """The same of a chunk with its title and headings."""
    return signs(f"{chunk.context}\n{chunk.text}", is_code=chunk.kind is BlockKind.CODE)


def _carries(plain: str) -> bool:
    small = plain.lower()
    if not any(mark in small for mark in _CARRIERS):
        return False
    return _CARRIER.search(_CODE.sub("", plain)) is not None


def _orders(small: str) -> bool:
    return any(
        any(word in small for word in words) and pattern.search(small) is not None
        for words, pattern in _PATTERNS
    )


def _forms(plain: str) -> Iterator[str]:
    """A text as it is, and as it reads where its letters are spaced out or stand for others."""
    yield plain
    if _SPACED.search(plain):
        yield _SPACED.sub(lambda match: re.sub(r"(?<=\w)[ .·*_-](?=\w)", "", match.group()), plain)
    if _MIXED.search(plain):
        yield plain.translate(_LOOKALIKES)
