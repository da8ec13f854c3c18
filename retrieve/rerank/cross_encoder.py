"""A cross-encoder: a model that reads the question and the passage together.

Nogueira and Cho 2019, "Passage Re-ranking with BERT", arXiv:1901.04085. Any model that
sentence-transformers can load as one will do; it has to have a single output, which says how well
the passage answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import numpy as np

from index.contract import Keys
from index.pipeline import Snapshot, has_native_bfloat16
from ingest.contract import BadInput, Unavailable, cached_property
from retrieve.contract import AnalyzedQuery, Scores

PRECISIONS = ("auto", "bfloat16", "float32")


@dataclass(frozen=True)
class CrossEncoderReranker:
    """`model` is a hub name or a folder; it is loaded when it is first asked. Pairs are cut at
    `max_length` tokens (None: the model's own limit) and computed `batch_size` at once, in
    bfloat16 where `precision` says so ("auto": where the CPU has it). Scores are what the model's
    activation gives."""

    model: str
    weight: float = 1.0
    depth: int = 20
    batch_size: int = 8
    max_length: int | None = None
    precision: str = "auto"
    _lock: RLock = field(default_factory=RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.model:
            raise BadInput(
                "rerank.cross_encoder.model must be a hub name, e.g. 'BAAI/bge-reranker-base', or "
                "a folder that holds a model"
            )
        if not self.weight > 0:
            raise BadInput(f"the weight of the cross-encoder must be over 0, not {self.weight}")
        if self.depth < 1 or self.batch_size < 1:
            raise BadInput("depth and batch_size of the cross-encoder must be 1 or more")
        if self.max_length is not None and self.max_length < 8:
            raise BadInput(f"max_length of the cross-encoder must be 8 or more: {self.max_length}")
        if self.precision not in PRECISIONS:
            raise BadInput(
                f"unknown precision {self.precision!r} of the cross-encoder; one of "
                + ", ".join(PRECISIONS)
            )

    @property
    def own_unit(self) -> bool:
        """Yes: log odds, a sigmoid of them, or whatever else the model was trained to give."""
        return True

    @property
    def at_once(self) -> int:
        return min(self.batch_size, self.depth)

    @property
    def by_call(self) -> bool:
        return False

    @property
    def guess_ms(self) -> float:
        return 100.0

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        """What the model gives for the query with each chunk, its title and headings before it;
        nan for a chunk that is gone. Raises Unavailable where the model cannot be loaded, BadInput
        where it has more than one output."""
        chunks = snapshot.chunks(keys.tolist())
        places = [place for place, key in enumerate(keys.tolist()) if key in chunks]
        texts = [chunks[int(keys[place])].chunk.embedding_text for place in places]
        scores = np.full(len(keys), np.nan, dtype=np.float32)
        scores[places] = self.read(query.text, texts)
        return scores

    def read(self, question: str, texts: Sequence[str]) -> Scores:
        """What the model gives for the question with each text. Raises as `judge` does."""
        if not texts:
            return np.empty(0, dtype=np.float32)
        with self._lock:  # a fast tokenizer serves one thread at a time
            found = self._loaded.predict(
                [(question, text) for text in texts],
                batch_size=self.batch_size,
                show_progress_bar=False,
            )
        return np.asarray(found, dtype=np.float32)

    @cached_property
    def _loaded(self) -> Any:
        import torch
        from sentence_transformers import CrossEncoder

        native = self.precision == "auto" and has_native_bfloat16()
        dtype = torch.bfloat16 if native or self.precision == "bfloat16" else torch.float32
        try:
            model = CrossEncoder(
                self.model,
                device="cpu",
                max_length=self.max_length,
                model_kwargs={"dtype": dtype},
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"cannot load the cross-encoder {self.model!r}: {error}; give the name of a model "
                "that can be reached, or a folder that holds one"
            ) from error
        if model.num_labels != 1:
            raise BadInput(
                f"the model {self.model!r} has {model.num_labels} outputs: a reranker has one; set "
                "rerank.cross_encoder.model to a model that was trained for ranking"
            )
        return model
