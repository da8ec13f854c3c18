"""Embeddings of a model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from index.contract import Embeddings, QueryEmbedding, Vectors
from ingest.contract import BadInput, BraidError, Unavailable, cached_property

if TYPE_CHECKING:
    import openai

_SHOWN = 200  # characters of a server's own message that are passed on
_PIECE = re.compile(r"[A-Za-z]{1,3}|[0-9]{1,2}|[^\sA-Za-z0-9]")
_OTHER = 1.5
_AROUND = 2  # what opens and closes a text


@dataclass(frozen=True)
class OpenAIEmbedder:
    """Any server that speaks `/embeddings` (OpenAI, vLLM, Ollama, ...).

    `base_url` ends in `/v1` as a rule. `cut_to` asks the server for so many dimensions; None is
    the model's own number, which costs one request to learn. `batch_size` texts are sent at
    once. `timeout_s` bounds the connection and each wait; the client tries `max_retries` times
    more, after pauses that grow.

    The tokenizer is the server's, so tokens are estimated, rather too many than too few: three
    letters or two digits are one, and a mark or character of another script is one and a half.
    Texts over `max_tokens` by this count are cut. There are no token vectors, and no direction
    of language is taken out of queries: what that gives has been measured for no such model.
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    api_key: str = field(default="", repr=False)
    cut_to: int | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    batch_size: int = 64
    timeout_s: float = 60.0
    max_retries: int = 2
    max_tokens: int = 512

    def __post_init__(self) -> None:
        if not self.model:
            raise BadInput("embedder.model must name the endpoint's model, e.g. 'bge-m3'")
        if not self.base_url.startswith(("http://", "https://")):
            raise BadInput(f"base_url must begin with http:// or https://, not {self.base_url!r}")
        if self.batch_size < 1 or self.timeout_s <= 0 or self.max_retries < 0:
            raise BadInput("batch_size and timeout_s must be positive, max_retries not negative")
        if self.max_tokens <= _AROUND or (self.cut_to is not None and self.cut_to < 1):
            raise BadInput("max_tokens must be over 2, and the dimension positive")

    @property
    def fingerprint(self) -> str:
        """The model, its dimension and prefixes; not where it is served, nor the key."""
        size = "its own dimension" if self.cut_to is None else f"{self.cut_to} dimensions"
        parts = [f"openai/1 {self.model}", size]
        if self.query_prefix or self.passage_prefix:
            parts.append(f"{self.query_prefix or ''!r} {self.passage_prefix or ''!r}")
        return ", ".join(parts)

    @cached_property
    def dimension(self) -> int:
        if self.cut_to is not None:
            return self.cut_to
        return int(self._request(["dimension"], None).shape[1])

    def count(self, texts: Sequence[str]) -> list[int]:
        prefix = self.passage_prefix or ""
        return [math.ceil(sum(map(_cost, _pieces(prefix + text)))) + _AROUND for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([(self.passage_prefix or "") + text for text in texts])

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        none = np.empty((0, self.dimension), dtype=np.float32)
        return Embeddings(self.embed_passages(texts), [none] * len(texts))

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)

    def embed_query(self, text: str) -> QueryEmbedding:
        vector = self._embed([(self.query_prefix or "") + text])[0]
        return QueryEmbedding(vector, np.empty((0, len(vector)), dtype=np.float32))

    def _embed(self, texts: list[str]) -> Vectors:
        """By length, so that no batch holds one long text among short ones."""
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), place))
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            sent = [self._within_limit(texts[place]) for place in batch]
            out[batch] = self._request(sent, self.dimension)
        return out

    def _within_limit(self, text: str) -> str:
        """Cut before the piece that goes over; a space for nothing, which servers refuse."""
        left = float(self.max_tokens - _AROUND)
        for piece in _pieces(text):
            left -= _cost(piece)
            if left < 0:
                return text[: piece.start()]
        return text or " "

    def _request(self, texts: list[str], dimension: int | None) -> Vectors:
        """Unit vectors, shape (len(texts), dimension). Raises Unavailable where the endpoint
        cannot be reached, refuses, or answers with something else; BadInput where it refuses
        what it was sent."""
        import openai

        size: dict[str, Any] = {} if self.cut_to is None else {"dimensions": self.cut_to}
        try:
            answer = self._client.embeddings.create(
                model=self.model, input=texts, encoding_format="float", **size
            )
            items = sorted(answer.data, key=lambda item: item.index)
            places = [item.index for item in items]
            rows = np.array([item.embedding for item in items], dtype=np.float32)
        except openai.OpenAIError as error:
            raise self._refusal(error) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise Unavailable(
                f"{self._where} answered with something that is no list of embeddings ({error}); "
                "check base_url, which ends in /v1 as a rule"
            ) from error
        if places != list(range(len(texts))) or rows.ndim != 2:
            raise Unavailable(
                f"{self._where} gave {len(places)} vectors for {len(texts)} texts, or not one for "
                "each; lower batch_size, or use another server"
            )
        if dimension is not None and rows.shape[1] != dimension:
            raise Unavailable(
                f"{self._where} gave vectors of {rows.shape[1]} dimensions, not {dimension}; set "
                "embedder.dimension to what the model gives, or leave it unset"
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise Unavailable(f"{self._where} gave vectors that are zero or no numbers")
        units: Vectors = rows / lengths
        return units

    @cached_property
    def _client(self) -> openai.OpenAI:
        import openai

        return openai.OpenAI(
            base_url=self.base_url,
            api_key=self.api_key or "none",
            timeout=self.timeout_s,
            max_retries=self.max_retries,
        )

    @property
    def _where(self) -> str:
        return f"the embedding model {self.model!r} at {self.base_url}"

    def _refusal(self, error: openai.OpenAIError) -> BraidError:
        """What happened and what to do, for each thing that can go wrong."""
        import openai

        said = str(error)[:_SHOWN]
        if isinstance(error, openai.APITimeoutError):
            return Unavailable(
                f"{self._where} did not answer in {self.timeout_s:g} s; raise embedder.timeout_s"
            )
        if isinstance(error, openai.APIConnectionError):
            return Unavailable(
                f"{self._where} cannot be reached; is it running, and is base_url right?"
            )
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            return Unavailable(f"{self._where} refuses the api_key; give a valid one ({said})")
        if isinstance(error, openai.RateLimitError):
            return Unavailable(f"{self._where} is over its rate limit or quota; try later ({said})")
        if isinstance(error, openai.NotFoundError):
            return Unavailable(f"{self._where} was not found; check model and base_url ({said})")
        if isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return BadInput(
                f"{self._where} refuses the texts; lower embedder.max_tokens or batch_size, or "
                f"leave dimension unset ({said})"
            )
        return Unavailable(f"{self._where} failed; try later ({said})")


def _pieces(text: str) -> Iterator[re.Match[str]]:
    return _PIECE.finditer(text)


def _cost(piece: re.Match[str]) -> float:
    found = piece.group()
    return 1.0 if found.isascii() and found.isalnum() else _OTHER
