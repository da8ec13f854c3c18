"""What a question asks for: its content words, its language, and the form of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generate.contract import Terms, Translate
from generate.language import Language, language
from index.contract import AnyOf
from index.pipeline import function_words

_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|far|old|tall|high|large|big|fast|often)\b|\bwhat (?:percent|share"
    r"|number|amount|age|rate|price|cost|size|total)|\btotal\b|多少|几(?!乎)|幾|多[长久大高远重快深宽]"
    r"|[占百]分?比|比例|金额|数量|总额|总数|费用|价格|哪些?年|哪一年|电话|号码",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|century)\b|什么时候|什麼時候|何时|何時"
    r"|哪一?年|哪[天日月]|几[月号日点]|时间|日期",
    re.IGNORECASE,
)
_MANY = re.compile(
    r"\bsteps?\b|\bhow (?:do|can|should|to)\b|\blist\b|\bwhat are\b|\bwhich .{0,30} are\b"
    r"|\bname (?:the|all)\b|步骤|流程|如何|怎么|怎样|怎麼|哪些|哪几|有哪|列出|分别",
    re.IGNORECASE,
)
_STEPS = re.compile(
    r"\bsteps?\b|\bhow (?:do|can|should|to)\b|\bprocedure\b"
    r"|步骤|步驟|流程|如何|怎么|怎样|怎麼|怎樣",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\bcompar(?:e|ed|ing|ison)\b|\bdiffer(?:s|ence|ences|ent)?\b|\bversus\b|\bvs\b|比较|比較|对比"
    r"|對比|区别|區別|差别|差別|不同|异同|異同",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d|[一二三四五六七八九十百千万亿两]+(?=[年月日个人名次种项元岁倍公里米吨%])")
_NUMBER_WORD = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand"
    r"|million|billion|half|one|once|twice)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b1\d{3}\b|\b20\d{2}\b|\d\s?年|\d\s?月|世纪|世紀|\bcentury\b|\b(?:January|February|March|April"
    r"|June|July|August|September|October|November|December)\b|\d{1,2}:\d{2}|[上下]午|"
    r"[一二三四五六七八九十]+[年月日]"
)


@dataclass(frozen=True, slots=True)
class Question:
    """`terms` are the content terms, each once, in order (all terms where nothing but function
    words is asked); `notions` their wordings in the other language, where a dictionary has them.
    """

    text: str
    language: Language
    terms: tuple[str, ...]
    wants_quantity: bool
    wants_time: bool
    wants_many: bool
    wants_steps: bool = False
    compares: bool = False
    notions: tuple[AnyOf, ...] = ()

    def form_of(self, text: str) -> float:
        """1 where the text holds the form that is asked for, 0 where it does not or where the
        question asks for no form in particular.
        """
        if self.wants_time and _DATE.search(text):
            return 1.0
        if self.wants_quantity and (_DIGIT.search(text) or _NUMBER_WORD.search(text)):
            return 1.0
        return 0.0


def understand(text: str, terms: Terms, translate: Translate | None = None) -> Question:
    """The question, taken apart."""
    small = frozenset(terms("\n".join(function_words())))
    cut = tuple(dict.fromkeys(terms(text)))
    content = tuple(term for term in cut if term not in small)
    return Question(
        text,
        language(text),
        content or cut,
        wants_quantity=_QUANTITY.search(text) is not None,
        wants_time=_TIME.search(text) is not None,
        wants_many=_MANY.search(text) is not None,
        wants_steps=_STEPS.search(text) is not None,
        compares=_COMPARED.search(text) is not None,
        notions=tuple(translate(text)) if translate is not None else (),
    )
