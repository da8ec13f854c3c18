"""What the making of test sets is handed: chunks of a collection, and what reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from api.compose import Braid
from api.evaluation import Evaluation, Progress
from index.graph.contract import ChunkFacts
from index.graph.pipeline import build_extractor, en_tokens, is_english_word, zh_words
from index.pipeline import Collection, function_terms
from ingest.contract import Chunk, NotFound

if TYPE_CHECKING:
    from eval.pipeline import making

_BATCH = 2_000


def chunks_of(collection: Collection) -> list[Chunk]:
    """All chunks of a collection as they are read: where small ones were cut from larger
    passages, these, once each."""
    found: list[Chunk] = []
    seen: set[tuple[str, tuple[int, int]]] = set()
    for _, chunk in _stored(collection):
        if chunk.parent is not None:
            chunk = chunk.to_read
            if (chunk.document_id, chunk.span) in seen:
                continue
            seen.add((chunk.document_id, chunk.span))
        found.append(chunk)
    return found


def _stored(collection: Collection) -> Iterator[tuple[int, Chunk]]:
    snapshot = collection.snapshot()
    keys = snapshot.dense.keys().tolist()
    for place in range(0, len(keys), _BATCH):
        stored = snapshot.chunks(keys[place : place + _BATCH])
        yield from ((key, stored[key].chunk) for key in sorted(stored))


def reader_of(braid: Braid, collection: Collection) -> making.Reader:
    """Reads texts by the collection's analyzer. Facts are those that the entity graph has; of
    chunks that have none, they are found by rules, whether there is a graph or not."""
    from eval.pipeline import making

    analyzer = collection.snapshot().parts.analyzer
    extractor = braid.parts.extractor or build_extractor("rules")
    known = _facts_of(collection)

    def facts(chunk: Chunk) -> ChunkFacts:
        found = known.get((chunk.id, chunk.text))
        return found if found is not None else extractor.extract(chunk, ())

    return making.Reader(
        analyzer.terms,
        frozenset(function_terms(analyzer)),
        facts,
        en_tokens,
        zh_words,
        is_english_word,
    )


def _facts_of(collection: Collection) -> dict[tuple[str, str], ChunkFacts]:
    """What rules found in each chunk, by its id and text."""
    by_key: dict[int, ChunkFacts] = {}
    for changed in collection.facts.since(0):
        by_key.update({key: facts[-1] for key, (_, facts) in changed.added.items()})
    return {
        (chunk.id, chunk.text): by_key[key] for key, chunk in _stored(collection) if key in by_key
    }


def source_collection(
    evaluation: Evaluation, source: str, progress: Progress | None = None
) -> Collection:
    """The collection of that name, or of a BEIR folder or a folder of files, indexed for
    evaluation. Raises NotFound."""
    from eval.pipeline import load_corpus

    store = evaluation.braid.store
    folder = Path(source)
    if (folder / "corpus.jsonl").is_file():
        return evaluation.dataset_collection(load_corpus(folder), progress)
    if folder.is_dir():
        return evaluation.corpus_collection(folder)
    if source in store.names():
        return store.get(source)
    names = ", ".join(store.names()) or "there is none yet"
    raise NotFound(
        f"no folder {source}, nor a collection of that name ({names}): name what the questions "
        "are about"
    )


def set_name(source: str) -> str:
    """What a set made from a collection or folder is called."""
    return Path(source).resolve().name if Path(source).is_dir() else source
