"""What kind of answer a question asks for, in Chinese and English, by how it is put."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TYPES: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "comparison",
            r"区别|差别|差异|有何不同|有什么不同|不同之处|对比|相比|哪个更|哪一个更|孰"
            r"|\b(?:differences?|differs?|versus|vs|compared?|comparison)\b"
            r"|\b(?:better|worse|cheaper|faster|larger|longer) than\b",
        ),
        (
            "yes-no",
            r"是否|能否|可否|会否|是不是|能不能|可不可以|有没有|会不会|要不要|需不需要|对不对"
            r"|[吗么嘛]\s*[?？!！。]*$(?<!什么)(?<!什么[?？])"
            r"|^(?:is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|had|am)"
            r" (?!you tell|you explain|you list)",
        ),
        ("why", r"为什么|为何|为啥|缘何|原因|\bwhy\b|\bhow come\b|\breasons? (?:for|of|why)\b"),
        (
            "procedure",
            r"流程|步骤|手续|如何办理|怎么办理|怎样办理|\bsteps? (?:to|for|of)\b|\bprocedures?\b"
            r"|\bprocess (?:of|for|to)\b|\bstep by step\b",
        ),
        (
            "definition",
            r"^(?:请问)?(?:什么是|什么叫|何谓|何为)|是什么意思|的定义|指的是什么|是指什么|^[^是]{1,12}是什么[?？]?$"
            r"|^define\b|\bdefinition of\b|\bmeaning of\b|\bwhat does .{1,60} (?:mean|stand for)\b"
            r"|^what(?:'s| is| are) (?:an? )?(?!the\b|this\b|your?\b|my\b)[\w'-]+(?: [\w'-]+){0,2}[?]?$",
        ),
        (
            "time",
            r"什么时候|何时|几点|哪天|哪一天|哪年|哪一年|哪个月|几月|几号|多久|多长时间|什么时间"
            r"|期限|截止|\bwhen\b|\bhow long\b|\bwhat (?:year|date|time|day|month)\b"
            r"|\b(?:in )?which (?:year|month)\b|\bdeadline\b|\bhow soon\b",
        ),
        (
            "quantity",
            r"多少|多大|多高|多长|多重|多深|多远|多宽|多快|第几|几(?=[个名位天年次条项种岁元人月倍台件])"
            r"|有几|\bhow (?:much|many|tall|high|deep|far|old|large|big|heavy|fast|often|wide)\b"
            r"|\bwhat (?:percentage|number|amount|share)\b",
        ),
        (
            "place",
            r"在哪|哪里|哪儿|何处|何地|什么地方|哪个(?:国家|城市|地方|省|地区)|哪国"
            r"|\bwhere\b|\b(?:which|what) (?:city|country|place|town|region|state)\b",
        ),
        ("person", r"谁|哪位|何人|哪个人|\bwho(?:m|se)?\b"),
        (
            "list",
            r"有哪些|哪些|哪几|列出|列举|罗列|^list\b|\bwhat are the\b|\blist (?:of|all)\b"
            r"|\bname (?:all|the|three|some)\b|\bwhich \w+s\b",
        ),
        ("how", r"怎么|怎样|如何|咋|\bhow\b"),
    )
)
_ASKS = re.compile(
    r"[?？]|什么|哪|几|何|呢\s*$|请问|^(?:what|which|whose|tell me|explain|describe|name|give)\b"
    r"|^(?:in|on|at|by|from|to|for|of) (?:what|which)\b"
)


def question_type(normal: str, *, only_identifiers: bool) -> str:
    """One of fact, quantity, time, place, person, definition, how, why, procedure, list,
    comparison, yes-no, identifier, keywords. `normal` is the question in its normal form."""
    if only_identifiers:
        return "identifier"
    text = normal.strip()
    for name, pattern in _TYPES:
        if pattern.search(text):
            return name
    return "fact" if _ASKS.search(text) else "keywords"
