"""What chunks are like, without knowing what the files hold: whether they end within a sentence,
whether tables are whole, how much text there is. Compared with what it was before, this shows a
parser that loses things, and a chunker that cuts sentences, also where searching hardly suffers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise

from eval.contract import Stage
from ingest.contract import BLOCK_SEPARATOR, BlockKind, Chunk

_SENTENCE_END = re.compile(r"[.!?。！？…;；:：]['\"”’)\]）】」』》*_]*$")
_LAST_SENTENCE = re.compile(r".*[.!?。！？…;；](?=\s|[^\x00-\x7f])", re.DOTALL)
_VERBATIM = (BlockKind.TABLE, BlockKind.CODE, BlockKind.FORMULA)
_RULE = frozenset("|-: ")
_LOST = 0.98
"""Below this share of the characters that there were, text has gone."""

HEALTH: Mapping[str, Stage] = {
    "sentences whole": Stage.CHUNKING,
    "tables whole": Stage.CHUNKING,
    "text kept": Stage.PARSING,
    "table rows kept": Stage.PARSING,
}
"""What is compared of each document, and the stage that answers for it."""


@dataclass(frozen=True, slots=True)
class Health:
    """The chunks of one document: how many there are, how many end within a sentence, tables and
    how many of them are in one chunk, characters that chunks cover, different rows of tables, and
    a digest of the texts."""

    chunks: int = 0
    cut: int = 0
    tables: int = 0
    whole_tables: int = 0
    characters: int = 0
    rows: int = 0
    digest: str = ""

    def row(self) -> list[int | str]:
        """The fields in order, for a file."""
        return list(astuple(self))


def health_of(chunks: Sequence[Chunk]) -> Health:
    """The health of a document's chunks, in order."""
    digest = hashlib.sha256()
    end = characters = 0
    for chunk in chunks:
        digest.update(chunk.text.encode("utf-8", "surrogatepass") + b"\x00")
        start = max(chunk.span[0], end)
        characters += max(chunk.span[1] - start, 0)
        end = max(end, chunk.span[1])
    tables = _tables(chunks)
    return Health(
        chunks=len(chunks),
        cut=sum(_cuts_sentence(one, two) for one, two in pairwise(chunks)),
        tables=len(tables),
        whole_tables=sum(size == 1 for size in tables),
        characters=characters,
        rows=len({line for chunk in chunks for line in _rows(chunk)}),
        digest=digest.hexdigest()[:12],
    )


def shares(now: Health, before: Health) -> dict[str, float]:
    """The measures of HEALTH of one document, from 0 to 1, beside what it was `before`; those that
    do not apply are left out."""
    found = {"sentences whole": 1.0 - now.cut / now.chunks if now.chunks else 0.0}
    if before.tables:
        found["tables whole"] = now.whole_tables / now.tables if now.tables else 0.0
    if before.characters:
        found["text kept"] = min(1.0, now.characters / before.characters)
    if before.rows:
        found["table rows kept"] = min(1.0, now.rows / before.rows)
    return found


def changed_stage(now: Health | None, before: Health | None) -> Stage | None:
    """The first stage that gave something else of a document than before: less text is the
    parser's doing, other chunks are the chunker's. None where both are the same or unknown."""
    if before is None:
        return None
    if now is None or now.characters < _LOST * before.characters:
        return Stage.PARSING
    return None if now.digest == before.digest else Stage.CHUNKING


def _cuts_sentence(before: Chunk, after: Chunk) -> bool:
    """Whether a sentence is parted between the two: they are of one block, the first does not end
    as sentences do, and the second does not have the whole of it either."""
    if before.kind in _VERBATIM or after.kind in _VERBATIM:
        return False
    gap = after.span[0] - before.span[1]
    if gap >= len(BLOCK_SEPARATOR):
        return False
    text = before.text.rstrip()
    if not text or _SENTENCE_END.search(text):
        return False
    begun = _LAST_SENTENCE.match(text)
    return len(text) - (begun.end() if begun else 0) > -gap


def _tables(chunks: Sequence[Chunk]) -> list[int]:
    """Of each table, in how many chunks it is."""
    found: list[int] = []
    before: Chunk | None = None
    for chunk in chunks:
        if chunk.kind is BlockKind.TABLE:
            goes_on = (
                before is not None
                and before.kind is BlockKind.TABLE
                and chunk.span[0] - before.span[1] < len(BLOCK_SEPARATOR)
            )
            if goes_on:
                found[-1] += 1
            else:
                found.append(1)
        before = chunk
    return found


def _rows(chunk: Chunk) -> list[str]:
    """The rows of a chunk's tables; what stands under the header."""
    lines = chunk.text.split("\n")
    return [line for line in lines if line.startswith("|") and set(line) - _RULE]
