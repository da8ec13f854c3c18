"""A set as the systems are given it: Braid's chunks and vectors, and a sample of the questions."""

from __future__ import annotations

import json
import random
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from api.compose import Braid
from api.evaluation import Evaluation
from bench.peers.protocol import ENTRIES, PASSAGES, QUERIES, QUESTIONS
from eval.contract import Dataset
from eval.pipeline import load_dataset
from index.pipeline import Store
from index.plain import decoded, record_of
from ingest.contract import Chunk

EXPORT = "export"
SPEED = "embedding.json"
_SEED = 20_261_130
_EMBEDDED = 200
"""Passages, and questions, whose embedding is timed."""


def sampled(path: Path, questions: int) -> Dataset:
    """A dataset with so many of its questions, drawn once and for all (0: all of them). The
    passages are all there."""
    dataset = load_dataset(path)
    names = sorted(dataset.queries)
    if 0 < questions < len(names):
        names = sorted(random.Random(_SEED).sample(names, questions))
    return replace(
        dataset,
        queries={name: dataset.queries[name] for name in names},
        qrels={name: dataset.qrels[name] for name in names},
    )


def is_prepared(folder: Path) -> bool:
    """Whether all of a set lies in the folder."""
    return (folder / SPEED).is_file()


def prepare(braid: Braid, dataset: Dataset, folder: Path) -> None:
    """Writes entries, questions and vectors to the folder. The collection of the dataset is the one
    that `braid eval run` keeps; where there is none, this makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    collection = Evaluation(braid).dataset_collection(dataset, None)
    name = collection.name
    collection.close()
    store = Store(braid.settings.cache_dir / "eval", braid.parts)
    store.export(name, folder / EXPORT, braid="bench.peers", force=True)
    store.close()
    texts = _write_entries(folder)
    with (folder / QUESTIONS).open("w", encoding="utf-8") as file:
        for key, text in dataset.queries.items():
            file.write(json.dumps({"id": key, "text": text}, ensure_ascii=False) + "\n")
    embedder = braid.parts.embedder
    took, rows = [], []
    for text in dataset.queries.values():
        begun = time.perf_counter()
        rows.append(embedder.embed_query(text).vector)
        took.append((time.perf_counter() - begun) * 1000)
    np.save(folder / QUERIES, np.array(rows, dtype=np.float32))
    part = random.Random(_SEED).sample(texts, min(_EMBEDDED, len(texts)))
    embedder.embed_with_tokens(part[:8])
    begun = time.perf_counter()
    embedder.embed_with_tokens(part)
    rate = len(part) / (time.perf_counter() - begun)
    speed = {"passages_per_s": rate, "query_p50_ms": statistics.median(took)}
    (folder / SPEED).write_text(json.dumps(speed), encoding="utf-8")


def _write_entries(folder: Path) -> list[str]:
    """The chunks of the export with their vectors, in its order; their texts as they were
    embedded."""
    vectors = np.load(folder / EXPORT / "vectors.npy")
    texts = []
    with (
        (folder / EXPORT / "chunks.jsonl").open("rb") as lines,
        (folder / ENTRIES).open("w", encoding="utf-8") as file,
    ):
        for line, row in zip(lines, vectors, strict=True):
            chunk = decoded(Chunk, record_of(line))
            assert chunk.id.encode() == row["chunk_id"]
            texts.append(chunk.embedding_text)
            entry = {"id": chunk.id, "document": chunk.document_id, "text": texts[-1]}
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    np.save(folder / PASSAGES, vectors["vector"])
    return texts
