"""Makes a collection of as many chunks as asked for out of BEIR corpora, to measure searches on.

    python -m bench.make_collection TARGET CORPUS... --chunks 20000 [--vectors synthetic|real]
        [--queries FILE.jsonl]

TARGET is a data folder; its collection "default" is made through the writer that ingestion uses,
in documents of 20 chunks of about 300 characters. Where the corpora have fewer, sentences of
them are mixed into new passages, and the output says how many. Passages in another script than
most are left out: a single English one would have every Chinese query translated. Every document
has the metadata `corpus` ("read" or "mixed") and `part` (its number modulo 1,000), so that
filters of any width can be tried. Synthetic vectors cost no embedding and are as hard to search
as real ones, but lie anywhere: rankings by meaning are without sense, their cost is not.

--queries writes up to 1,000 real queries, as many of each corpus, to a file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest
from pathlib import Path

from api.benchmark_texts import CHUNKS_OF_A_DOCUMENT, documents, passages, read_queries, read_texts
from api.benchmark_vectors import Topics
from api.compose import Braid
from api.settings import load_settings
from index.contract import Embeddings, Vectors
from index.pipeline import Collection, StandIn, script_of
from ingest.contract import cached_property

DOCUMENTS_OF_A_WRITE = 500
QUERIES = 1_000


@dataclass(frozen=True)
class SyntheticEmbedder(StandIn):
    """Gives synthetic vectors in the order of asking; no token has one."""

    @cached_property
    def _rows(self) -> Iterator[Vectors]:
        return (row for block in Topics(self.dimension).blocks(1 << 40) for row in block)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        taken = list(islice(self._rows, len(texts)))
        return np.array(taken, dtype=np.float32).reshape(len(texts), self.dimension)

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        vectors = self.embed_passages(texts)
        return Embeddings(vectors, [vectors[:0]] * len(texts))

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return self.embed_with_tokens(texts).tokens


def in_one_script(texts: Sequence[str], count: int) -> tuple[list[str], int]:
    """Passages in the script that most are in, and how many of them stand in the texts."""
    made = passages(texts, count + count // 50 + CHUNKS_OF_A_DOCUMENT)
    scripts = [script_of(text) for text in made.texts]
    usual = Counter(scripts).most_common(1)[0][0]
    places = [place for place, script in enumerate(scripts) if script == usual][:count]
    return [made.texts[place] for place in places], sum(place < made.read for place in places)


def make(target: Path, corpora: Sequence[Path], chunks: int, *, real: bool) -> tuple[int, float]:
    """Makes the collection; how many chunks stand in the corpora as they are, and the seconds that
    the writer took. Raises Conflict where the folder holds a collection "default" already."""
    braid = Braid(load_settings(data_dir=target))
    try:
        texts, read = in_one_script([text for path in corpora for text in read_texts(path)], chunks)
        parts = braid.parts
        if not real:
            parts = replace(parts, embedder=SyntheticEmbedder(parts.embedder))
        begun = time.perf_counter()
        collection = Collection.create(target / "collections" / "default", parts)
        with collection.writer() as writer:
            todo = documents(texts, read)
            while batch := list(islice(todo, DOCUMENTS_OF_A_WRITE)):
                writer.put(batch, "bench")
        collection.settle()
        collection.close()
    finally:
        braid.close()
    return read, time.perf_counter() - begun


def take_queries(corpora: Sequence[Path]) -> list[str]:
    """Up to QUERIES queries: the first of each corpus, the second of each, and so on."""
    columns = [read_queries(path if path.is_dir() else path.parent) for path in corpora]
    mixed = chain.from_iterable(zip_longest(*columns))
    return list(islice(dict.fromkeys(text for text in mixed if text), QUERIES))


def main() -> None:
    """Prints what was made as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("target", type=Path)
    parser.add_argument("corpora", type=Path, nargs="+", metavar="corpus")
    parser.add_argument("--chunks", type=int, default=20_000)
    parser.add_argument("--vectors", choices=["synthetic", "real"], default="synthetic")
    parser.add_argument("--queries", type=Path)
    given = parser.parse_args()
    read, took = make(given.target, given.corpora, given.chunks, real=given.vectors == "real")
    if given.queries:
        lines = [
            json.dumps({"_id": str(number), "text": text}, ensure_ascii=False)
            for number, text in enumerate(take_queries(given.corpora))
        ]
        given.queries.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made = {"chunks": given.chunks, "read": read, "mixed": given.chunks - read}
    print(json.dumps({**made, "vectors": given.vectors, "seconds": round(took, 1)}))


if __name__ == "__main__":
    main()
