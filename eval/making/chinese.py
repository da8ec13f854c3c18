"""Chinese sentences in parts: what they are about, and their clauses. A question in Chinese keeps
the order of the statement, with a question word in the place of what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eval.making.material import Named, Reader, Sentence
from index.graph.contract import EntityType

_POINTS_AWAY = re.compile(
    "[他她它其该此这那吾咱您你我]|本(?:公司|集团|行|人|文|作|片|书|次|期|报告|章|节|条|法|办法|规定|协议|合同|院|校)"
    "|上述|前述|如下|以下|下列|下面|后者|前者|同年|同月|同日|当时|当年|当天|当日|翌年|次年|次日|随后|之后|后来"
    "|此外|另外|两人|二人|双方|对方|有人|某|上图|下图|见[图表]|如[图表]|[图表]\\s?\\d|至今|目前|现在|近日|日前|今年|去年"
    "|昨[天日]|明[天日]|今[天日]|[？?！!…：:]|所[以述示]|[甲乙丙丁]方|自己|本身|另一|其他|其它|又称为?$|之一$"
)
_STRANGE = re.compile("[\u4e00-\u9fff]\\.|[|*=<>{}_~^\\\\•#@■□◆●]|\\.{3}|://|[a-z]{25}")
_CONNECTIVE = re.compile(
    "^(?:但是?|而且?|并且?|也|则|还|又|同时|因此|因而|于是|不过|然而|然后|最后|最终|其中|同样|而后|以及|即)，?"
)
_LEAD = re.compile(
    "^(?:(?:在|于|自|从|直到|直至|截至)?(?:公元前?)?\\d{1,4}年[^，]{0,9}|(?:在|于)[^，]{2,16}(?:中|时|后|前|期间|年间|里|上|下)"
    "|(?:根据|按照|依照)[^，]{3,24})，?$"
)
_HALF = re.compile(
    "^(?:据|当|如果?|若|虽然?|尽管|由于|因为?|为了?|除了?|随着|经过|通过|作为|无论|不仅|不但)|(?:后|时|之际|前|期间|的话|以来|之余|之下|左右)$"
    "|(?:提议|认为|表示|指出|宣布|决定|发现|增加|宣称|称|说|规定|要求|建议|提出|使|让|令|即|为|是|和|与|及|的|在|于|对|并|有|了解到)$"
)
"""Clauses that say nothing by themselves."""
_PARTS = ("全长", "总长", "总部", "全称", "简称", "全名", "本名")
_PAIRS = {"《": "》", "“": "”", "「": "」", "『": "』", "（": "）", "(": ")", "【": "】"}
_TOPIC_TYPES = frozenset(
    (
        EntityType.PERSON, EntityType.ORGANIZATION, EntityType.PLACE, EntityType.WORK,
        EntityType.TERM, EntityType.EVENT, EntityType.OTHER,
    )
)  # fmt: skip
_SMALL = ("uj", "ul", "p", "c", "d", "u", "ud", "uz", "ug", "r", "f", "q", "m")
_MOST_SINGLE = 0.4
_GOES_ON = ("v", "d", "p", "c")
_TIMES = ("m", "t", "q", "f", "mq", "x", "eng")
_CLAUSE_ENDS = "，；,;"


@dataclass(frozen=True)
class Statement:
    """A clause with the subject and the time that it takes from the clauses before it. `named` are
    the things in it by their places in `text`; `is_whole` says that nothing was added."""

    text: str
    named: tuple[Named, ...]
    subject: Named | None
    is_whole: bool


def statements(sentence: Sentence, reader: Reader) -> Iterator[Statement]:
    """The clauses of a sentence that say what they are about; none of one that points outside of
    itself."""
    text = sentence.text.rstrip("。．. ")
    if not text or text == sentence.text.rstrip() or not 8 <= len(text) <= 260:
        return
    if _STRANGE.search(text) or not _is_balanced(text) or _is_rubbish(text, reader):
        return
    topic: Named | None = None
    lead = ""
    is_open = False
    for number, (start, end) in enumerate(_clauses(text)):
        clause = text[start:end].strip()
        connective = _CONNECTIVE.match(clause)
        begin = start + text[start:end].index(clause) + (connective.end() if connective else 0)
        clause = text[begin:end].strip()
        if _LEAD.match(clause) and len(clause) <= 28:
            is_open = _POINTS_AWAY.search(clause) is not None
            lead = clause.removesuffix("，")
            continue
        own = _first_named(sentence, begin, end)
        if number == 0 or (own is not None and lead):
            topic = own
        if _HALF.search(clause):
            lead = ""
            continue
        if _POINTS_AWAY.search(_without_own(clause, own)) or is_open:
            lead = ""
            continue
        needs = not own and not _has_own_subject(clause, reader)
        if needs and topic is None:
            lead = ""
            continue
        if number and not needs and own is None and not lead:
            # "全长365公里" behind "广茂铁路建于1978年": it is of the topic.
            needs = topic is not None
            if topic is None:
                continue
        added = topic.text if needs and topic is not None else ""
        prefix = f"{lead}，{added}" if lead and added else lead or added
        named = tuple(_moved(sentence, begin, end, len(prefix)))
        subject = topic if needs else own
        yield Statement(prefix + clause, named, subject, not needs)
        lead = ""


def _without_own(clause: str, own: Named | None) -> str:
    """A clause without pronouns that mean the subject which it begins with."""
    return clause if own is None else re.sub("(?<!^)[其他她它](?![他它]|[余次中])", "", clause)


def _is_rubbish(text: str, reader: Reader) -> bool:
    """Whether most of a text falls into single characters, as what was read wrong does."""
    words = [word for word in reader.chinese(text) if word.tag not in ("x", "m", "w")]
    single = sum(len(word.text) == 1 and word.tag not in _SMALL for word in words)
    return single > _MOST_SINGLE * len(words)


def _is_balanced(text: str) -> bool:
    return all(text.count(left) == text.count(right) for left, right in _PAIRS.items())


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Spans between commas that are in no brackets or quotation marks."""
    depth = start = 0
    for place, character in enumerate(text):
        if character in _PAIRS:
            depth += 1
        elif character in _PAIRS.values():
            depth -= 1
        elif character in _CLAUSE_ENDS and depth <= 0 and not _in_number(text, place):
            if text[start:place].strip():
                yield start, place
            start = place + 1
    if text[start:].strip():
        yield start, len(text)


def _in_number(text: str, place: int) -> bool:
    """Whether a comma parts thousands."""
    return text[place - 1 : place].isdigit() and text[place + 1 : place + 4].isdigit()


def _first_named(sentence: Sentence, begin: int, end: int) -> Named | None:
    """The thing that a clause begins with, in its title marks where it has them."""
    for named in sentence.named:
        at = named.start
        marked = sentence.text[at - 1 : at] in ("《", "“", "「", "『") and at > 0
        first = at - 1 if marked else at
        if first == begin and named.end <= end and named.type in _TOPIC_TYPES:
            close = named.end + (1 if marked else 0)
            name = sentence.text[first:close]
            part = next((part for part in _PARTS if name.endswith(part)), "")
            close -= len(part)
            if close - first >= 2:
                name = sentence.text[first:close]
                return Named(first, close, name, named.type, named.is_defined)
    return None


def _has_own_subject(clause: str, reader: Reader) -> bool:
    """Whether a clause begins with a noun, not with what is done."""
    words = [word for word in reader.chinese(clause) if word.tag not in _TIMES]
    return bool(words) and not words[0].tag.startswith(_GOES_ON)


def _moved(sentence: Sentence, begin: int, end: int, offset: int) -> Iterator[Named]:
    for named in sentence.named:
        if begin <= named.start and named.end <= end:
            yield Named(
                named.start - begin + offset,
                named.end - begin + offset,
                named.text,
                named.type,
                named.is_defined,
            )
