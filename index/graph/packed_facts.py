"""The facts of a chunk as bytes, and back, without loss."""

from __future__ import annotations

import json
import zlib
from typing import Any

from index.graph.contract import Alias, ChunkFacts, EntityType, Field, Mention, Statement

_TYPES = tuple(EntityType)
_FIELDS = tuple(Field)
_TYPE_CODES = {kind: code for code, kind in enumerate(_TYPES)}
_FIELD_CODES = {field: code for code, field in enumerate(_FIELDS)}
_FAST = 1


def pack(facts: ChunkFacts) -> bytes:
    """Compressed JSON of lists, in the order of the fields."""
    mentions = [
        (m.name, _TYPE_CODES[m.type], m.start, m.end, _FIELD_CODES[m.field], m.sentence,
         int(m.is_defined))
        for m in facts.mentions
    ]  # fmt: skip
    statements = [
        (s.head, s.tail, s.kind, s.sentence, s.keywords, s.strength, s.description)
        for s in facts.statements
    ]
    aliases = [(a.first, a.second, a.reason) for a in facts.aliases]
    parts = (mentions, statements, aliases, facts.sentences, facts.keywords, facts.descriptions)
    # Half of a surrogate pair, which a text may hold, is no UTF-8: JSON has an escape for it.
    return zlib.compress(json.dumps(parts, separators=(",", ":")).encode(), _FAST)


def unpack(packed: bytes) -> ChunkFacts:
    """The facts that `pack` was given."""
    parts: list[list[Any]] = json.loads(zlib.decompress(packed))
    mentions, statements, aliases, sentences, keywords, descriptions = parts
    return ChunkFacts(
        tuple(
            Mention(name, _TYPES[kind], start, end, _FIELDS[field], sentence, bool(is_defined))
            for name, kind, start, end, field, sentence, is_defined in mentions
        ),
        tuple(
            Statement(head, tail, kind, sentence, tuple(words), strength, description)
            for head, tail, kind, sentence, words, strength, description in statements
        ),
        tuple(Alias(first, second, reason) for first, second, reason in aliases),
        tuple((start, end) for start, end in sentences),
        tuple(keywords),
        tuple((name, text) for name, text in descriptions),
    )
