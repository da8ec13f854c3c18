"""Taking out of an answer what a reader's screen would act on: pictures, foreign links, raw HTML.

A picture is fetched as soon as it is shown, and a link carries whatever its address holds, so both
can tell a stranger what a document or a question said. Pictures always go. A link, or an address
that stands by itself, stays where the very same address stands in a passage; else its words stay
without it. Raw HTML is shown as text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote

from generate.contract import Passage
from ingest.pipeline import HIDDEN

_INNER = r"[^\[\]\n]*(?:\[[^\[\]\n]*\][^\[\]\n]*)*"
_TARGET = r"\(\s*(?P<target><[^<>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)[^()\n]*\)"
_PICTURE = re.compile(rf"!\[(?P<words>{_INNER})\](?:{_TARGET}|\[[^\]\n]*\])?")
_LINK = re.compile(rf"(?<!!)\[(?P<words>{_INNER})\]{_TARGET}")
_DEFINITION = re.compile(r"^[ \t]{0,3}\[(?P<words>[^\]\n]+)\]:[ \t]*(?P<target>\S+)[^\n]*$", re.M)
_ADDRESS = re.compile(
    r"<?(?P<target>(?:(?:[a-z][a-z0-9+.-]*:)?//|www\.|(?:mailto|javascript|data|vbscript|tel):)"
    r"[^\s<>\"'`，。；！？、）】」》|\]]*[^\s<>\"'`，。；！？、）】」》|\].,;:!?()*_])>?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_NUMBER = re.compile(r"\s*\^?\d{1,3}\s*")


def sanitized(text: str, passages: Sequence[Passage]) -> tuple[str, tuple[str, ...]]:
    """The text without what is not to be shown, and what was taken out, in a note for each kind.
    Marks `[n]` stay."""
    known = _addresses(f"{p.chunk.context}\n{p.chunk.text}" for p in passages)
    gone: dict[str, int] = dict.fromkeys(("pictures", "links", "addresses", "hidden"), 0)

    def without(kind: str, words: bool) -> Callable[[re.Match[str]], str]:
        def replaced(match: re.Match[str]) -> str:
            if kind != "pictures" and _plain(match["target"]) in known:
                return match.group()
            gone[kind] += 1
            return (
                f"[{match['words']}]"
                if words and _NUMBER.fullmatch(match["words"])
                else (match["words"] if words else "")
            )

        return replaced

    kept, gone["hidden"] = HIDDEN.subn("", text)
    kept = _PICTURE.sub(without("pictures", False), kept)
    kept = _LINK.sub(without("links", True), kept)
    kept = _DEFINITION.sub(without("links", False), kept)
    kept = _ADDRESS.sub(without("addresses", False), kept)
    kept, tags = _TAG.subn("&lt;", kept)
    notes = []
    if gone["pictures"]:
        notes.append(f"{gone['pictures']} pictures were taken out of the answer")
    if gone["links"] + gone["addresses"]:
        notes.append(
            f"{gone['links'] + gone['addresses']} links or addresses that stand in no passage were "
            "taken out of the answer"
        )
    if gone["hidden"]:
        notes.append(f"{gone['hidden']} characters that are not seen were taken out of the answer")
    if tags:
        notes.append("HTML in the answer is shown as text")
    return kept if kept != text else text, tuple(notes)


def _addresses(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(_plain(match["target"]) for text in texts for match in _ADDRESS.finditer(text))


def _plain(target: str) -> str:
    """An address as it is compared."""
    plain = unicodedata.normalize("NFKC", unquote(target.strip().strip("<>")))
    return plain.rstrip("/.,;:!?)").casefold()


_SUSPECT = re.compile(
    r"[!\[<(:/&]|\b(?:w{1,3}|h|ht|htt|https?|mail\w*|java\w*|da?ta?)$", re.IGNORECASE
)
_CUT = re.compile(r"[\s，。；！？、）】」》]")
_LONGEST_HELD = 2_000


class Pieces:
    """Pieces of an answer as they come, given on so that a picture, a link or a tag is never shown
    in parts: what may be the beginning of one is held until it has ended."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        self._held = ""

    def add(self, piece: str) -> str:
        """What can be shown now."""
        self._held += piece
        end = self._end()
        ready, self._held = self._held[:end], self._held[end:]
        return sanitized(ready, self._passages)[0] if ready else ""

    def rest(self) -> str:
        """What was held to the end."""
        ready, self._held = self._held, ""
        return sanitized(ready, self._passages)[0] if ready else ""

    def _end(self) -> int:
        """Up to where all that was opened has been closed."""
        if len(self._held) > _LONGEST_HELD:
            return len(self._held)
        if not _SUSPECT.search(self._held):
            return len(self._held)
        cuts = [match.end() for match in _CUT.finditer(self._held)]
        for end in reversed(cuts):
            part = self._held[:end]
            closed = part.count("[") <= part.count("]") and part.count("(") <= part.count(")")
            if closed and part.rfind("<") <= part.rfind(">"):
                return end
        return 0
