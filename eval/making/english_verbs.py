"""The plain form of an English verb."""

from __future__ import annotations

from collections.abc import Callable

_IRREGULAR = {
    "became": "become", "began": "begin", "bought": "buy", "broke": "break", "brought": "bring",
    "built": "build", "came": "come", "caught": "catch", "chose": "choose", "cost": "cost",
    "cut": "cut", "did": "do", "drew": "draw", "drove": "drive", "ate": "eat", "fell": "fall",
    "felt": "feel", "fought": "fight", "found": "find", "flew": "fly", "forbade": "forbid",
    "gave": "give", "got": "get", "grew": "grow", "had": "have", "has": "have", "heard": "hear",
    "held": "hold", "hit": "hit", "kept": "keep", "knew": "know", "laid": "lay", "led": "lead",
    "left": "leave", "lent": "lend", "let": "let", "lost": "lose", "made": "make",
    "meant": "mean", "met": "meet", "paid": "pay", "put": "put", "ran": "run", "read": "read",
    "rose": "rise", "said": "say", "sang": "sing", "sat": "sit", "saw": "see", "sent": "send",
    "set": "set", "shot": "shoot", "showed": "show", "sold": "sell", "sought": "seek",
    "spent": "spend", "spoke": "speak", "spread": "spread", "stood": "stand", "struck": "strike",
    "swore": "swear", "taught": "teach", "thought": "think", "threw": "throw", "told": "tell",
    "took": "take", "understood": "understand", "undertook": "undertake", "went": "go",
    "withdrew": "withdraw", "won": "win", "wore": "wear", "wrote": "write", "goes": "go",
    "does": "do", "bore": "bear", "arose": "arise", "overcame": "overcome", "shook": "shake",
    "stole": "steal", "swam": "swim", "upheld": "uphold", "woke": "wake", "wound": "wind",
}  # fmt: skip
PAST = frozenset(word for word in _IRREGULAR if word not in ("has", "goes", "does"))
"""Past forms that no ending tells."""

_SILENT_WRITTEN = (
    "as ar at iz is us uc ur ud ut id iv ov av ot ag ang enc anc arg ibl ir in op or iat ul um v "
    "nc rg ng ps rs ls ns dg c u os ak ok ik am"
)
_SILENT = tuple(_SILENT_WRITTEN.split())
_DOUBLED = frozenset("bdgklmnprtv")


def plain_form(verb: str, is_word: Callable[[str], bool]) -> str | None:
    """The form behind "did": of a past form or one in -s; None where it cannot be told."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    for ending, candidates in _endings(verb):
        if verb.endswith(ending):
            return next((form for form in candidates if len(form) > 1 and is_word(form)), None)
    return None


def _endings(verb: str) -> list[tuple[str, list[str]]]:
    stem = verb[:-2]
    undoubled = [stem[:-1]] if stem[-1:] == stem[-2:-1] and stem[-1:] in _DOUBLED else []
    past = [*undoubled, stem, f"{stem}e"]
    if _wants_e(stem):
        past = [f"{stem}e", *past]
    return [
        ("ied", [f"{verb[:-3]}y"]),
        ("eed", [verb[:-2] + "e", verb[:-1]]),
        ("ed", past),
        ("ies", [f"{verb[:-3]}y"]),
        ("sses", [verb[:-2]]),
        ("ches", [verb[:-2], verb[:-1]]),
        ("shes", [verb[:-2]]),
        ("xes", [verb[:-2]]),
        ("zes", [verb[:-1]]),
        ("s", [verb[:-1]]),
    ]


def _wants_e(stem: str) -> bool:
    """Whether a stem before "-ed" is written with a silent e: "increas", "provid", "releas"."""
    return stem.endswith(_SILENT)
