"""Questions about English sentences: who, when, where, how many, why, what for, what is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.making.english import BE, MODALS, STRANGE, Clause, clause_of, question
from eval.making.english_verbs import PAST
from eval.making.material import Draft, Reader, Sentence
from index.graph.contract import EntityType

_PEOPLE, _PLACES = EntityType.PERSON, EntityType.PLACE
_NUMBER = (
    r"(?:(?:about|approximately|around|nearly|almost|over|more than|at least|up to|only|some"
    r"|at most|fewer than|less than)\s+)?"
    r"(?:\d[\d,.]*(?:\s(?:thousand|million|billion|trillion))?"
    r"|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|hundreds of"
    r"|thousands of)"
)
_MANY = re.compile(
    rf"^(?P<number>{_NUMBER})\s(?P<things>(?:(?!million|billion|of\b|in\b|to\b)[a-z][\w-]*\s){{0,2}}"
    r"(?!million|billion|of\b|in\b|to\b|per\b|percent\b)[a-z][\w-]*s|people|children)\b",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"^(?:about |approximately |around |nearly |almost |over |more than |up to |only )?"
    r"(?P<value>(?:US)?[$€£¥]\s?\d[\d,.]*(?:\s(?:million|billion|trillion|thousand))?"
    r"|\d[\d,.]*\s?(?:%|percent)|\d[\d,.]*(?:\s(?:million|billion|trillion))?"
    r"(?:\s(?:kg|km|mm|cm|m|inch(?:es)?|feet|miles|meters|metres|pounds|degrees|hours|minutes"
    r"|days|weeks|months|years|dollars|euros|GB|MB))?)(?![\w%-])"
)
_CHANGED = re.compile(
    r"^(?:by\s+)?(?P<value>[$€£]\s?\d[\d,.]*(?:\s(?:million|billion))?|\d[\d,.]*\s?(?:%|percent))"
    r"(?:, or \d[\d,.]*\s?%)?"
)
_CHANGES = frozenset(("increase", "decrease", "rise", "fall", "grow", "decline", "drop"))
_WHEN = re.compile(
    r"\b(?:in|on)\s+(?P<date>(?:(?:January|February|March|April|May|June|July|August|September"
    r"|October|November|December)(?:\s\d{1,2})?,?\s)?(?:1[0-9]|20)\d\d)\b(?![-–%])"
)
_WHY = re.compile(
    r"\s(?P<cause>(?:because(?: of)?|due to|owing to|in order to|so that|to ensure|to avoid"
    r"|to prevent)\s.{12,})$"
)
_IF = re.compile(r"\s(?P<case>(?:if|when|before|after|unless|until|to)\s.{8,})$")
_BY_DOING = re.compile(r"\s(?P<way>by\s[a-z]+ing\s.{8,})$")
_STRANDED = re.compile(
    r"^(?P<done>(?:[a-z]+ly\s)?(?P<participle>[a-z]+(?:ed|en|wn|de|de up|lt|nd|ght|ld|ne|id|ut|et))"
    r"\s(?P<by>of|from|by|with|into|on|in|for|as))\s(?P<what>.{4,})$"
)
_NOUNS = re.compile(r"^(?!as\b|when|whether|how\b|by\b|in\b|at\b|on\b)")
_USED_TO = re.compile(r"^(?:[a-z]+ly\s)?used\s(?P<what>(?:to|for)\s.{8,})$")
_ONLY_ONE = re.compile(r"^the\s(?:\S+\s){1,}(?:of|for|that|to|in|from|between|with)\s.{6,}")
_IS_A = re.compile(r"^(?:an?|the|one of the)\s[a-z].{14,}")
_MEANS = re.compile(r"^(?:to\s)?(?P<what>.{12,})$")
_ARTICLE = re.compile(r"^(?:the|a|an)\s", re.IGNORECASE)
_GOVERNS = re.compile(r"^(?:an?|the|all|any|one|\d+|[a-z]+s?|its|their)\b", re.IGNORECASE)
_MANY_WORDS = 24
_PRONOUN = re.compile(r"\b(?:it|them|they|that|those|one|ones|which)\b")
_POINTS_ON = re.compile(
    r"\b(?:this|these|shown|Examples?|Figures?|Tables?|see|following)\b|^that\b"
)
_ANCHOR = re.compile(r"\b[A-Z0-9]")
_OPEN_END = re.compile(r"\b(?:and|or|the|an?|that|not)\?$")


def english_drafts(sentence: Sentence, reader: Reader) -> Iterator[Draft]:
    """What can be asked of an English sentence."""
    yield from instruction_drafts(sentence, reader)
    clause = clause_of(sentence, reader)
    if clause is None or _is_of_any(clause):
        return
    for rule in _RULES:
        for kind, text, answer, strength in rule(clause):
            if _OPEN_END.search(text) or _is_empty(answer):
                continue
            yield Draft(
                kind,
                text,
                answer.strip(" ,"),
                sentence.chunk,
                sentence.passage,
                reference=sentence.text,
                points=(answer.strip(" ,"),),
                needs_place=_is_open(clause, kind),
                strength=strength,
            )


Asked = tuple[str, str, str, float]


def _is_of_any(clause: Clause) -> bool:
    """Whether it is told of one that has no name: "an agreement was executed"."""
    is_past = clause.helper == "did" or clause.verb in ("was", "were", "had")
    return is_past and clause.subject.lower().startswith(("a ", "an "))


def _is_empty(answer: str) -> bool:
    """Whether an answer is said in words that mean something only beside others."""
    if _POINTS_ON.search(answer):
        return True
    return len(answer.split()) <= 6 and _PRONOUN.search(answer) is not None


def _is_open(clause: Clause, kind: str) -> bool:
    """Whether the subject is known only from the document: "the company" without a name."""
    if clause.subject_named is not None and clause.subject_named.type not in (
        EntityType.TERM,
        EntityType.AMOUNT,
    ):
        return False
    shown = f"{clause.rest} {clause.lead}" if kind in ("who", "reversed") else clause.subject
    if kind not in ("who", "reversed") and re.search(r"(?<!^)\b[A-Z]", clause.subject):
        return False
    if kind in ("who", "reversed"):
        return re.search(r"\b[A-Z]", shown) is None
    return shown.lower().startswith(("the ", "all ", "each ", "any ")) or len(shown.split()) < 2


def _definition(clause: Clause) -> Iterator[Asked]:
    """What is X, what does X mean."""
    known = clause.subject_named
    if known is None or len(clause.subject.split()) > 5 or clause.lead:
        return
    if known.type == EntityType.OTHER and len(known.text.split()) > 1:
        return  # It may be a person.
    is_defined = known.is_defined or known.type not in (EntityType.TERM, EntityType.OTHER)
    if clause.verb in BE and is_defined and _IS_A.match(clause.rest):
        who = "Who" if known.type == _PEOPLE else "What"
        yield "definition", f"{who} {clause.verb} {clause.subject}?", clause.rest, 0.9
    if clause.plain in ("mean", "denote") and not clause.auxiliary and _MEANS.match(clause.rest):
        yield "definition", clause.asked("what", ""), clause.rest, 0.9


def _reversed(clause: Clause) -> Iterator[Asked]:
    """What is it that is the … of …: asked for by its description."""
    known = clause.subject_named
    if clause.verb not in BE or known is None or not _ONLY_ONE.match(clause.rest):
        return
    who = "who" if known.type == _PEOPLE else "what"
    text = question(f"{who} {clause.verb}", clause.rest, clause.lead)
    yield "reversed", text, clause.subject, 0.8


def _subject(clause: Clause) -> Iterator[Asked]:
    """Who did it."""
    known = clause.subject_named
    if known is None or len(clause.rest.split()) < 4 or clause.rest.startswith("not "):
        return
    kinds = {_PEOPLE: "who", EntityType.ORGANIZATION: "which organization"}
    anchored = _ANCHOR.search(f"{clause.rest} {clause.lead}") is not None
    if known.type in kinds and clause.verb not in BE and anchored:
        text = question(f"{kinds[known.type]} {clause.verb}", clause.rest, clause.lead)
        yield "who", text, clause.subject, 0.8


def _time(clause: Clause) -> Iterator[Asked]:
    """When, in what year."""
    places = [part for part in (clause.lead, clause.rest) if _WHEN.search(part) or _LED.match(part)]
    if len(places) != 1 or len(re.findall(r"\b(?:1[0-9]|20)\d\d\b", " ".join(places))) != 1:
        return
    if clause.lead == places[0]:
        led = _LED.match(clause.lead)
        if led is not None and len(clause.rest.split()) >= 3 and not _goes_on(clause):
            yield "when", clause.asked("when", clause.rest, ""), led["date"], 0.9
        return
    match = _WHEN.search(clause.rest)
    if match is not None and not _goes_on(clause) and "," not in clause.rest[: match.start()]:
        left = clause.rest[: match.start()] + clause.rest[match.end() :]
        if _OF_ANOTHER.search(clause.rest[: match.start()]):
            return
        is_of_verb = clause.auxiliary and len(clause.rest[: match.start()].split()) <= 2
        between = [word for word in clause.words if word.tag in ("IN", "TO")]
        is_far = clause.auxiliary and len(between) > 3
        if (match.end() < len(clause.rest.rstrip(" ,")) or is_far) and not is_of_verb:
            return  # It may be the date of what stands before it.
        if len(left.split()) >= 2 and not re.match(
            r"[\s,]*(?:and|to|through)\b", left[match.start() :]
        ):
            yield "when", clause.asked("when", left.replace(" ,", ",")), match["date"], 0.9


_OF_ANOTHER = re.compile(r"\b(?:that|which|who|where|when|if|ended|ending|as|than)\b")
"""Before a date that tells when something else was."""


def _goes_on(clause: Clause) -> bool:
    """Whether a second verb follows behind "and", which would have to be asked of, too."""
    seen = False
    for word in clause.words:
        seen = seen or word.text in ("and", "or", "but")
        is_past = word.tag == "VBD" or word.text in PAST
        if seen and (is_past or word.text in BE | MODALS):
            return True
        if seen and word.tag == "VBN" and word.text.endswith("ed") and clause.helper == "did":
            return True
    return False


_LED = re.compile(
    r"^(?:In|On)\s(?P<date>(?:(?:January|February|March|April|May|June|July|August|September"
    r"|October|November|December)(?:\s\d{1,2})?,?\s)?(?:1[0-9]|20)\d\d)$"
)


def _number(clause: Clause) -> Iterator[Asked]:
    """How many, how much, by how much."""
    first = _MANY.match(clause.subject)
    if first is not None and first.end() == len(clause.subject):
        text = question(f"how many {first['things']} {clause.verb}", clause.rest, clause.lead)
        yield "number", text, first["number"], 0.9
    many = _MANY.match(clause.rest)
    if many is not None and not clause.auxiliary:
        left = clause.rest[many.end() :].strip()
        of = left if left.startswith("of ") else ""
        text = clause.asked(f"how many {many['things']} {of}".strip(), left[len(of) :])
        yield "number", text, many["number"], 0.9
    if clause.plain in _CHANGES and not clause.auxiliary:
        change = _CHANGED.match(clause.rest)
        if change is not None:
            text = clause.asked(
                "by how much", re.split(r",(?!\s\d{4})", clause.rest[change.end() :])[0]
            )
            yield "number", text, change["value"], 0.9
    value = _VALUE.match(clause.rest)
    if clause.verb in BE and value is not None and len(clause.subject.split()) > 1:
        left = clause.rest[value.end() :].strip(" ,")
        if not left or re.match(r"(?:in|for|on|at|as of|during|per|a)\b", left):
            yield (
                "number",
                question(f"what {clause.verb} {clause.subject}", left, clause.lead),
                value["value"],
                0.9,
            )


def _place(clause: Clause) -> Iterator[Asked]:
    """Where."""
    for named in clause.named:
        before = re.search(r"\b(?:in|at)\s(?:the\s)?$", clause.rest[: named.start])
        if named.type != _PLACES or before is None or named.end != len(clause.rest):
            continue
        left = clause.rest[: before.start()]
        if left.strip() and not left.rstrip().endswith(","):
            yield "where", clause.asked("where", left), named.text, 0.9


def _why(clause: Clause) -> Iterator[Asked]:
    """Why, how."""
    for pattern, group, wh in ((_WHY, "cause", "why"), (_BY_DOING, "way", "how")):
        match = pattern.search(f" {clause.rest}")
        if match is not None:
            left = f" {clause.rest}"[: match.start()]
            if len(left.split()) >= 2 or clause.auxiliary:
                yield wh, clause.asked(wh, left), match[group], 0.9


def _duty(clause: Clause) -> Iterator[Asked]:
    """What someone must do, what something is used for or made of."""
    rest = clause.rest
    is_duty = clause.verb in ("must", "shall", "should") and not _goes_on(clause)
    if is_duty and re.match(r"(?!be\b|not\b|have\b)[a-z]+\s", rest):
        case = _IF.search(rest)
        done = rest[: case.start()] if case else rest
        if len(done.split()) >= 3:
            text = clause.asked("what", "do " + (case["case"] if case else ""))
            yield "duty", text, done, 0.2 if case is None else 0.8
    if clause.verb not in BE:
        return
    used = _USED_TO.match(rest)
    if used is not None:
        yield "use", clause.asked("what", "used for"), used["what"], 0.9
        return
    stranded = _STRANDED.match(rest)
    if stranded is not None and len(stranded["what"].split()) <= _MANY_WORDS:
        is_one = not re.search(r"\s(?:in|by|with|for|from|on|to|when|if)\s", stranded["what"])
        who = "who" if _is_person(clause, stranded["what"]) else "what"
        if is_one and stranded["by"] not in ("as", "in", "on") and _NOUNS.match(stranded["what"]):
            yield "object", clause.asked(who, stranded["done"]), stranded["what"], 0.7


def _length(clause: Clause) -> Iterator[Asked]:
    """For how long, within how many days."""
    found = list(_SPAN.finditer(clause.rest))
    if len(found) != 1:
        return
    match = found[0]
    left = f"{clause.rest[: match.start()]} {clause.rest[match.end() :]}"
    if len(left.split()) < 2 or re.match(r"\s*(?:from|of|to|and|or)\b", clause.rest[match.end() :]):
        return
    if match["how"] == "within":
        yield "length", clause.asked(f"within how many {match['unit']}", left), match["span"], 0.9
    else:
        yield "length", clause.asked("for how long", left), match["span"], 0.8


def _can(clause: Clause) -> Iterator[Asked]:
    """What something may, can or must contain, use, provide."""
    verb = clause.rest.split()[0]
    if clause.verb in MODALS and verb in _TAKES and len(clause.rest.split()) <= _MANY_WORDS:
        what = clause.rest[len(verb) :].strip()
        if _GOVERNS.match(what) and not _MANY.match(what):
            yield "object", clause.asked("what", verb), what, 0.7


def _is_person(clause: Clause, text: str) -> bool:
    kinds = [named.type for named in clause.named if text.startswith(named.text)]
    return bool(kinds) and kinds[0] == _PEOPLE


_SPAN = re.compile(
    r"\b(?P<how>for|within)\s(?P<span>(?:at least |up to |about |approximately |no more than )?"
    r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty|sixty|ninety"
    r"|fourteen|forty-five|twelve)\s(?P<unit>(?:[Bb]usiness |calendar |working )?"
    r"(?:[Dd]ays|[Ww]eeks|[Mm]onths|[Yy]ears|hours|minutes|seconds|ms)))\b"
)
_TAKES_WRITTEN = (
    "include contain require provide comprise use support eat produce offer cover describe "
    "develop allow define show introduce create establish cause prevent reduce improve manage "
    "control consider represent form measure determine own acquire announce launch propose "
    "recommend prohibit enable combine replace affect"
)
_TAKES = frozenset(_TAKES_WRITTEN.split())


def _object(clause: Clause) -> Iterator[Asked]:
    """What it includes, requires, produces."""
    is_object = clause.plain in _TAKES and _GOVERNS.match(clause.rest)
    takes_the = _THE.match(clause.rest) and clause.plain not in _TAKES_NONE
    if clause.auxiliary or not (is_object or takes_the):
        return
    if len(clause.rest.split()) > _MANY_WORDS or _MANY.match(clause.rest):
        return
    yield "object", clause.asked("what", ""), _FURTHER.sub("", clause.rest), 0.7


_FURTHER = re.compile(r"\s+and\s+(?:is|are|was|were|has|have|will|may|can|must)\b.*$")
_THE = re.compile(r"^(?:an?|the)\s(?!(?:year|month|week|day|time|same)\b)")
_TAKES_NONE_WRITTEN = (
    "become remain last seem appear stay weigh cost take begin start go come fall rise say "
    "state believe think"
)
_TAKES_NONE = frozenset(_TAKES_NONE_WRITTEN.split())
_RULES = (
    _definition, _reversed, _subject, _time, _number, _length, _place, _why, _duty, _can, _object
)  # fmt: skip


_TO_DO = re.compile(
    r"^(?P<case>To\s[a-z][^,]{8,100}|(?:If|When)\s[^,]{8,110}),\s(?P<done>[a-z].{6,})$"
)
_IMPERATIVE_WRITTEN = (
    "add adjust allow apply avoid call change check choose clean click close complete "
    "configure connect contact copy create delete disconnect do double-click download drag "
    "enable ensure enter fill follow go hold insert install keep lift log make move open "
    "place plug press pull push put refer release remove replace reset restart return rotate "
    "run save scroll select send set slide specify start stop store submit switch take tap "
    "tighten touch turn type unplug update use verify wait wash wipe write specify do never "
    "always attach"
)
_IMPERATIVE = frozenset(_IMPERATIVE_WRITTEN.split())
_YOURS = (
    (r"\byou are\b", "I am"), (r"\byou were\b", "I was"), (r"\byourself\b", "myself"),
    (r"\byours\b", "mine"), (r"\byour\b", "my"), (r"\byou\b", "I"),
)  # fmt: skip
_OUTSIDE = re.compile(
    r"\b(?:this|these|those|it|them|he|she|we|our|us|above|below|following|such|step|page|figure)\b",
    re.IGNORECASE,
)


def instruction_drafts(sentence: Sentence, reader: Reader) -> Iterator[Draft]:
    """What an instruction answers: "To copy a file, press …", "If the lamp is red, turn …"."""
    text = sentence.text
    match = _TO_DO.match(text[:-1]) if text.endswith(".") else None
    if match is None or _OUTSIDE.search(match["case"]) or STRANGE.search(text[:-1]):
        return
    case, done = match["case"], match["done"]
    if _is_empty(done):
        return
    if done.split()[0] not in _IMPERATIVE and not re.match(r"you (?:must|should|can|need)\b", done):
        return
    words = re.findall(r"[a-z]{3,}", case)
    if len(words) < 3 or sum(map(reader.is_word, words)) < 0.8 * len(words):
        return
    for pattern, mine in _YOURS:
        case = re.sub(pattern, mine, case)
    case = case[0].lower() + case[1:]
    asked = f"How do I {case[3:]}?" if case.startswith("to ") else f"What should I do {case}?"
    yield Draft(
        "how", asked, done, sentence.chunk, sentence.passage, text, (done,), False, 0.9
    )  # fmt: skip
