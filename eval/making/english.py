"""English sentences taken apart far enough to be asked about: what comes first, subject, verb and
the rest. Sentences that cannot be taken apart surely are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eval.making.english_verbs import PAST, plain_form
from eval.making.material import Named, Reader, Sentence, Tagged
from index.graph.contract import EntityType

BE = frozenset(("is", "are", "was", "were"))
MODALS = frozenset(("can", "could", "may", "might", "must", "shall", "should", "will", "would"))
_HAVE = frozenset(("has", "have", "had"))
_CONNECTIVE = re.compile(
    r"^(?:However|In addition|For example|For instance|Additionally|Moreover|Furthermore|Therefore"
    r"|Thus|As a result|Consequently|Similarly|In fact|Indeed|Generally|In general|Typically"
    r"|Currently|Historically|Finally|Also|Accordingly|Nevertheless|Meanwhile),\s+"
)
_NUMBERED = re.compile(
    r"^(?:\d+(?:\.\d+)+\.?|\d{1,2}\.|[a-zA-Z][.)]|Section \d+[\d.]*)\s+(?=[A-Z])"
)
_LEAD = re.compile(
    r"^(?:In|On|At|By|During|Since|From|Between|After|Before|Under|Within|For|Until|As|Upon|With"
    r"|Throughout|Among|If|When|Once|Where|Unless|Without|To|Following|Due to|Because)\s"
    r"[^,]{2,110}(?:, \d{4})?,\s+"
)
_POINTS_AWAY = re.compile(
    r"\b(?:I|[Ww]e|[Oo]urs?|us|my|me|myself|[Yy]ours?|[Yy]ou|[Tt]h(?:is|ese)|[Hh]e|[Ss]he|him|It|They"
    r"|[Hh]ere(?:in|of|under|by|to|with)?|[Tt]here(?:of|in|under|by|to|with|from)|above|below|Those"
    r"|[Ff]ollowing(?! the| a)|follows|aforementioned|foregoing|thereafter|former|latter|said"
    r"|[Ss]uch(?! as)|aforesaid|[Ss]ame|[Aa]nother|[Oo]thers|respectively|therefore|too|[Ee]ither"
    r"|then|now|today|yesterday|tomorrow|ago|recently|[Ss]ee|Figures?|Fig|Tables?|instead"
    r"|previous(?:ly)?|next|[Bb]oth|[Nn]either|above-\w+|Exhibits?|Examples?|Appendi(?:x|ces)"
    r"|Articles?|Sections?|[Pp]aragraphs?|[Tt]hat (?:date|time|year|period|day|case)|[Ss]imilar"
    r"|[Rr]ecent|[Cc]ertain|[Vv]arious)\b"
)
STRANGE = re.compile(r"[;:?!\"‘*|=<>{}\[\]()~^\\•…_#@]|\.\.|--|—|–\s|\s–|://|\bet al\b|\betc\b")
_TAIL = re.compile(
    r",?\s+(?:which|who|where|whose|whereas|although|though|while|but|unless|except)\b.*$"
    r"|,\s+(?:and|or|including|such as|as|with|because|since|so|[a-z]+ing|[a-z]+ed)\b.*$"
)
_BREAKS_WRITTEN = (
    "that which who whom whose where when while if because although though unless as than "
    "whether and or but after before until since so"
)
_BREAKS = frozenset(_BREAKS_WRITTEN.split())
_IN_SUBJECT = frozenset(
    ("DT", "NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "VBG", "VBN", "CD", "IN", "TO", "PRP$")
)
_PREPOSITIONS = frozenset(("of", "for", "in", "from", "on", "with", "at", "between", "by", "to"))
_ONE_OF_SOME = re.compile(
    r"^[Tt]he\s(?:two|three|four|five|first|second|third|fourth|last|only|new|result(?:ing)?s?|remaining"
    r"|entire|rest|majority|number|following|purpose|reason)\b"
)
"""Subjects that are known only from what was said before."""
_MOST_SUBJECT = 11
_FINITE = frozenset(("VBD", "VBZ", "MD"))
_PLURAL = frozenset(("NNS", "NNPS"))
_WORD = re.compile(r"[A-Za-z]{3,}")
_LEAST_KNOWN = 0.75


@dataclass(frozen=True)
class Clause:
    """A sentence in parts: `lead` ("In 2002", may be empty), `subject`, `verb`, and the `rest`
    as far as it goes without a further clause; `auxiliary` says that the verb can stand before
    its subject. `plain` is the verb's plain form and `helper` what asks for it ("did"); `named`
    are the names with their places in `rest`, and `subject_named` the one that the subject is."""

    lead: str
    subject: str
    verb: str
    rest: str
    auxiliary: bool
    plain: str
    helper: str
    words: Sequence[Tagged]
    named: Sequence[Named]
    subject_named: Named | None

    def asked(self, wh: str, rest: str, lead: str | None = None) -> str:
        """The question that a word asks of the clause with this rest."""
        begun = f"{wh} {self.verb} {self.subject}" if self.auxiliary else ""
        begun = begun or f"{wh} {self.helper} {self.subject} {self.plain}"
        return question(begun, rest, self.lead if lead is None else lead)


def question(begun: str, rest: str, lead: str = "") -> str:
    """The parts as one question; what the sentence began with comes last."""
    end = lead[:1].lower() + lead[1:] if lead else ""
    text = " ".join(f"{begun} {rest} {end}".split()).rstrip(" ,.")
    return f"{text[:1].upper()}{text[1:]}?"


def clause_of(sentence: Sentence, reader: Reader) -> Clause | None:
    """The parts of a sentence; None where it is no plain statement, points to something outside
    of it, or is not English as people write it."""
    text = sentence.text
    cut = _CONNECTIVE.match(text) or _NUMBERED.match(text)
    start = cut.end() if cut else 0
    if not text.endswith(".") or not _is_sound(text[start:-1], reader):
        return None
    body = text[:-1]
    lead = _LEAD.match(body[start:])
    main = start + lead.end() if lead else start
    words = [word for word in reader.english(body) if word.start >= main]
    place = _verb_place(words, body)
    if place is None:
        return None
    last = place
    while last > 1 and words[last - 1].tag == "RB":
        last -= 1
    if not _is_subject(words[:last], body[main : words[last - 1].end]):
        return None
    verb = words[place]
    tail = _TAIL.search(body, verb.end)
    end = tail.start() if tail else len(body)
    if tail and _is_list(body[tail.start() :]):
        end = len(body)
    rest = body[verb.end : end].strip()
    following = words[place + 1] if place + 1 < len(words) else None
    auxiliary = _is_auxiliary(verb, following)
    form = verb.text if auxiliary else plain_form(verb.text, reader.is_word)
    helper = _helper(verb, words[last - 1])
    if helper == "do":
        form = verb.text
    if form is None or not rest:
        return None
    offset = verb.end + len(body[verb.end :]) - len(body[verb.end :].lstrip())
    named = [
        Named(n.start - offset, n.end - offset, n.text, n.type, n.is_defined)
        for n in sentence.named
        if n.start >= offset and n.end <= end
    ]
    subject = body[main : words[last - 1].end]
    known = _subject_name(sentence, main, words[last - 1].end)
    lead_text = body[start:main].strip().rstrip(",")
    return Clause(
        lead_text, _lowered(subject, words[0], known, reader), verb.text, rest, auxiliary, form,
        helper, [word for word in words[place + 1 :] if word.end <= end], named, known,
    )  # fmt: skip


def _is_sound(text: str, reader: Reader) -> bool:
    if not 30 <= len(text) <= 330 or (not text[0].isupper() and not text[0].isdigit()):
        return False
    if STRANGE.search(text) or _POINTS_AWAY.search(text):
        return False
    words = _WORD.findall(text)
    capitals = sum(word.isupper() for word in words)
    small = [word for word in words if word.islower()]
    if len(words) < 6 or capitals > len(words) / 3 or len(small) < len(words) / 3:
        return False
    return sum(map(reader.is_word, small)) >= _LEAST_KNOWN * len(small)


def _verb_place(words: Sequence[Tagged], text: str) -> int | None:
    """Which word is the verb of the first clause; None where that is not sure."""
    for place, word in enumerate(words[: _MOST_SUBJECT + 1]):
        if place and "," in text[words[place - 1].end : word.start]:
            return None
        lower = word.text.lower()
        if lower in _BREAKS - {"and"} or word.tag in ("WDT", "WP", "WRB", "PRP", "EX"):
            return None
        if place == 0:
            continue
        before = words[place - 1]
        if before.tag == "RB" and place > 1:
            before = words[place - 2]
        if lower in BE | MODALS | _HAVE:
            return place if word.text == lower else None
        if before.tag in ("DT", "PRP$", "IN", "TO", "JJ", "MD") or not word.text.islower():
            continue
        if word.tag == "VBD" or lower in PAST or (word.tag == "VBN" and lower.endswith("ed")):
            return None if _comes_verb(words[place + 1 :], text) else place
        if word.tag == "VBZ" and (before.tag not in _PLURAL or not before.text.islower()):
            return place
        if word.tag in ("VBP", "VB") and before.tag in _PLURAL and before.text[-1] == "s":
            return place
    return None


def _comes_verb(words: Sequence[Tagged], text: str) -> bool:
    """Whether a further verb follows in the same clause: the one before was part of the subject."""
    end = words[0].start if words else 0
    for word in words:
        if word.text.lower() in _BREAKS or "," in text[end : word.start]:
            return False
        if word.tag in _FINITE or word.text in BE | MODALS | _HAVE:
            return True
        end = word.end
    return False


def _is_subject(words: Sequence[Tagged], raw: str) -> bool:
    """Whether the words before the verb are a noun phrase that says what it means."""
    if not 1 <= len(words) <= _MOST_SUBJECT or not re.fullmatch(r"[\w\s'’&./%$-]+", raw):
        return False
    if _ONE_OF_SOME.match(raw.strip()):
        return False
    first, last = words[0], words[-1]
    if first.text.lower() in ("no", "any", "each", "every", "neither", "nothing"):
        return False
    is_about = first.text.lower() in ("approximately", "about", "nearly", "almost", "over", "only")
    if (
        not is_about
        and first.tag in ("IN", "TO", "VBG", "RB", "CC", "PRP$", "MD")
        and not first.text.isupper()
    ):
        return False
    for place, word in enumerate(words):
        is_name = word.text[0].isupper() or word.text[0].isdigit()
        if word.text in ("and", "or", "not", "also"):
            continue
        is_noun = word.tag in ("VB", "VBP") and place and words[place - 1].tag in ("DT", "JJ", "NN")
        if word.tag not in _IN_SUBJECT and not is_name and not is_noun:
            return False
        if word.tag == "IN" and word.text.lower() not in _PREPOSITIONS and not is_name:
            return False
    return last.tag not in ("IN", "DT", "TO", "PRP$", "VBN") or last.text[0].isupper()


def _is_list(tail: str) -> bool:
    """Whether ", and worms" ends a list, not a sentence."""
    return re.fullmatch(r",\s+(?:and|or)\s+(?:[\w'’-]+\s*){1,5}", tail) is not None


def _is_auxiliary(verb: Tagged, following: Tagged | None) -> bool:
    if verb.text in BE | MODALS:
        return True
    is_perfect = following is not None and (
        following.tag in ("VBN", "VBD") or following.text in ("been", "not")
    )
    return verb.text in _HAVE and is_perfect


def _helper(verb: Tagged, before: Tagged) -> str:
    if verb.text in PAST or verb.text.endswith("ed") or verb.tag == "VBD":
        return "did"
    if verb.tag in ("VBP", "VB") and verb.text != "has" and before.tag in _PLURAL:
        return "do"
    return "does" if verb.text != "have" else "do"


def _subject_name(sentence: Sentence, start: int, end: int) -> Named | None:
    """The name that is the whole subject, but for an article."""
    text = sentence.text
    for named in sentence.named:
        before, after = text[start : named.start], text[named.end : end]
        is_within = named.start >= start and named.end <= end and not after.strip()
        if is_within and before.strip().lower() in ("", "the", "a", "an"):
            return named
    return None


def _lowered(subject: str, first: Tagged, known: Named | None, reader: Reader) -> str:
    """The subject as it stands within a sentence."""
    is_name = known is not None and known.type not in (EntityType.TERM, EntityType.AMOUNT)
    starts_name = is_name and subject.startswith(known.text if known else "\0")
    word = first.text
    if starts_name or word[1:] != word[1:].lower() or first.tag in ("NNP", "NNPS"):
        return subject
    is_plain = first.tag == "DT" or all(map(reader.is_word, word.lower().split("-")))
    follows = subject[len(word) :].strip()[:1]
    if first.tag != "DT" and follows.isupper():
        return subject
    return subject[:1].lower() + subject[1:] if is_plain else subject
