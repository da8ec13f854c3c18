"""What the settings say of parts, in the words of the parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.settings import EmbedderSettings, OcrSettings, Settings
from index.graph.pipeline import Prices
from index.pipeline import Choice
from ingest.contract import BadInput
from ingest.pipeline import ocr_types
from retrieve.contract import Reranker
from retrieve.pipeline import build_reranker


def embedder_choice(given: EmbedderSettings, cache_dir: Path, *, compiled: bool) -> Choice:
    """The embedder that is set, with the options that it has. Raises BadInput where an endpoint is
    set without its model."""
    shared = {
        "model": given.model,
        "cut_to": given.dimension,
        "query_prefix": given.query_prefix,
        "passage_prefix": given.passage_prefix,
    }
    if given.backend == "openai":
        if "model" not in given.model_fields_set:
            raise BadInput("set embedder.model to the endpoint's name for its model")
        served = {"base_url", "batch_size", "timeout_s", "max_retries", "max_tokens"}
        key = {"api_key": given.api_key.get_secret_value()}
        return Choice("openai", {**shared, **given.model_dump(include=served), **key})
    own = {
        "cache": cache_dir / "models",
        "precision": given.precision,
        "pooled_tokens": given.pooled_tokens,
        "compiled": compiled,
    }
    return Choice("sentence-transformers", {**shared, **own})


def rerankers_of(settings: Settings) -> dict[str, Reranker]:
    """What orders the default ranking anew."""
    given = settings.rerank
    remote = given.remote.model_dump()
    options: dict[str, dict[str, Any]] = {
        "late_interaction": _late_interaction(settings),
        "cross_encoder": given.cross_encoder.model_dump(),
        "remote": {**remote, "api_key": given.remote.api_key.get_secret_value()},
    }
    return {
        name: build_reranker(name, **options[name]) for name in given.rerankers if options[name]
    }


def _late_interaction(settings: Settings) -> dict[str, Any]:
    """Its options; none where it has no token vectors."""
    embedder, given = settings.embedder, settings.rerank.late_interaction
    stored = embedder.pooled_tokens > 0
    if embedder.backend == "openai" or not (stored or given.compute):
        return {}
    return {"weight": given.weight, "depth": given.depth, "computed": not stored}


def parser_options(settings: OcrSettings) -> dict[str, dict[str, object]]:
    """What parsers are told, by media type: how to read pictures, where that is set."""
    given = settings.model_dump(exclude_defaults=True)
    if "dictionary" in given:
        given["dictionary"] = str(given["dictionary"])
    return {kind: {"ocr": given} for kind in ocr_types()} if given else {}


def model_options(settings: Settings) -> dict[str, Any]:
    """Those of the language model that is set, for `generate.pipeline.build_model`."""
    given = settings.answer
    served = {
        "model", "base_url", "timeout_s", "connect_timeout_s", "first_token_s",
        "total_timeout_s", "max_retries", "breaker_failures", "breaker_rest_s", "max_tokens",
        "context_tokens",
    }  # fmt: skip
    return {
        **given.model_dump(include=served),
        "api_key": given.api_key.get_secret_value(),
        "prices": prices_of(settings),
    }


def judge_options(settings: Settings) -> dict[str, Any]:
    """Those of the language model that judges answers; its connection is as the writer's. Raises
    BadInput where none is set."""
    given = settings.judge
    if not given.model:
        raise BadInput(
            "judging answers needs a language model: set judge.model (and judge.base_url)"
        )
    return {
        **model_options(settings),
        **given.model_dump(include={"model", "base_url", "max_tokens", "context_tokens"}),
        "api_key": given.api_key.get_secret_value(),
        "prices": Prices(given.prompt_price, given.completion_price),
    }


def prices_of(settings: Settings) -> Prices:
    """What the tokens of the model cost."""
    return Prices(settings.answer.prompt_price, settings.answer.completion_price)
