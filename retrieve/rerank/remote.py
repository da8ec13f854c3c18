"""Rerankers behind an HTTP endpoint, in the three forms that are spoken.

- `cohere`: POST /v2/rerank (docs.cohere.com/reference/rerank; also vLLM, LiteLLM, Xinference)
- `jina`: POST /v1/rerank (jina.ai/reranker; also llama.cpp, Infinity)
- `tei`: POST /rerank (huggingface.github.io/text-embeddings-inference)
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from index.contract import Keys
from index.pipeline import Snapshot
from ingest.contract import BadInput, Unavailable, cached_property
from retrieve.contract import AnalyzedQuery, Scores

if TYPE_CHECKING:
    import httpx

_SHOWN = 200  # characters of a server's own message that are passed on
_PAUSE_S = 0.25  # before the first try after a failure; doubled before each other
_LATER = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which another try may go better."""


@dataclass(frozen=True)
class _Form:
    """Where a form is sent, its `body` out of model, query and texts, and the place and score of
    each text out of the answer."""

    path: str
    body: Callable[[str, str, Sequence[str]], dict[str, Any]]
    read: Callable[[Any], list[tuple[int, float]]]


def _listed(model: str, query: str, texts: Sequence[str]) -> dict[str, Any]:
    given = {"query": query, "documents": list(texts), "top_n": len(texts)}
    return {"model": model, **given} if model else given


def _results(answer: Any) -> list[tuple[int, float]]:
    return [(int(one["index"]), float(one["relevance_score"])) for one in answer["results"]]


_FORMS: Mapping[str, _Form] = {
    "cohere": _Form("/v2/rerank", _listed, _results),
    "jina": _Form(
        "/v1/rerank",
        lambda model, query, texts: {**_listed(model, query, texts), "return_documents": False},
        _results,
    ),
    "tei": _Form(
        "/rerank",
        lambda _, query, texts: {"query": query, "texts": list(texts), "truncate": True},
        lambda answer: [(int(one["index"]), float(one["score"])) for one in answer],
    ),
}


@dataclass(frozen=True)
class RemoteReranker:
    """A server that speaks one of the forms. `url` is what comes before the form's path. A request
    has `timeout_s`, or what is left of the search's budget, and is sent `max_retries` times more
    where that may help."""

    url: str
    form: str = "cohere"
    model: str = ""
    api_key: str = field(default="", repr=False)
    weight: float = 1.0
    depth: int = 30
    timeout_s: float = 10.0
    max_retries: int = 1

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise BadInput(
                f"rerank.remote.url must begin with http:// or https://, not {self.url!r}"
            )
        if self.form not in _FORMS:
            raise BadInput(f"rerank.remote.form must be one of {', '.join(_FORMS)}: {self.form!r}")
        if not self.weight > 0:
            raise BadInput(f"the weight of the remote reranker must be over 0, not {self.weight}")
        if self.depth < 1 or self.timeout_s <= 0 or self.max_retries < 0:
            raise BadInput(
                "depth of the remote reranker must be 1 or more, timeout_s over 0, max_retries not "
                "negative"
            )

    @property
    def own_unit(self) -> bool:
        """Yes: each model has its own."""
        return True

    @property
    def at_once(self) -> int:
        """All, in one request."""
        return self.depth

    @property
    def by_call(self) -> bool:
        """Yes: it waits for the network."""
        return True

    @property
    def guess_ms(self) -> float:
        return 200.0

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        """The server's score of each chunk, its title and headings before it; nan for a chunk that
        is gone. Raises Unavailable where the server does not answer, or with something else."""
        chunks = snapshot.chunks(keys.tolist())
        places = [place for place, key in enumerate(keys.tolist()) if key in chunks]
        texts = [chunks[int(keys[place])].chunk.embedding_text for place in places]
        scores = np.full(len(keys), np.nan, dtype=np.float32)
        if texts:
            scores[places] = self._scores(query.text, texts, left_ms)
        return scores

    def _scores(self, query: str, texts: Sequence[str], left_ms: float) -> list[float]:
        form = _FORMS[self.form]
        answer = self._sent(form.path, form.body(self.model, query, texts), left_ms)
        try:
            found = dict(form.read(answer.json()))
        except (ValueError, TypeError, KeyError) as error:
            raise Unavailable(
                f"{self._where} answered with something that is no list of scores ({error!r}); "
                f"check rerank.remote.form, which is {self.form!r}"
            ) from error
        scores = [found.get(place, math.nan) for place in range(len(texts))]
        if len(found) != len(texts) or not all(map(math.isfinite, scores)):
            raise Unavailable(
                f"{self._where} gave {len(found)} scores for {len(texts)} texts, or not one for "
                "each; lower rerank.remote.depth, or use another server"
            )
        return scores

    def _sent(self, path: str, body: dict[str, Any], left_ms: float) -> httpx.Response:
        """The answer. Tries again after pauses that grow, while there is time."""
        end = time.monotonic() + left_ms / 1000.0
        for attempt in range(self.max_retries + 1):
            left_s = end - time.monotonic()
            answer, fault = self._tried(path, body, min(self.timeout_s, max(left_s, 0.001)))
            if answer is not None:
                return answer
            pause_s = _PAUSE_S * 2**attempt
            if attempt == self.max_retries or end - time.monotonic() <= pause_s:
                break
            time.sleep(pause_s)
        raise Unavailable(fault)

    def _tried(
        self, path: str, body: dict[str, Any], timeout_s: float
    ) -> tuple[httpx.Response | None, str]:
        """The answer, or what went wrong where another try may go better. Raises Unavailable where
        it would not."""
        import httpx

        try:
            answer = self._client.post(self.url.rstrip("/") + path, json=body, timeout=timeout_s)
        except httpx.TimeoutException:
            return None, f"{self._where} did not answer in {timeout_s:.3g} s"
        except httpx.TransportError as error:
            return None, f"{self._where} cannot be reached ({error}); is it running?"
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._where} failed: {error}") from error
        if answer.is_success:
            return answer, ""
        said = " ".join(answer.text.split())[:_SHOWN]
        if answer.status_code in (401, 403):
            raise Unavailable(f"{self._where} refuses the api_key; give a valid one ({said})")
        if answer.status_code == 404:
            raise Unavailable(f"{self._where} has no {path}; check url, form and model ({said})")
        if answer.status_code in _LATER:
            return None, f"{self._where} is busy or failing: {answer.status_code} ({said})"
        raise Unavailable(f"{self._where} refuses the request: {answer.status_code} ({said})")

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        client = httpx.Client(headers=headers)
        weakref.finalize(self, client.close)
        return client

    @property
    def _where(self) -> str:
        return f"the reranker at {self.url}"
