"""The settings of the rerankers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from api.settings_section import Section


class LateInteractionSettings(Section):
    """Token vectors of the query against those of the passages."""

    weight: float = Field(100.0, gt=0, description="points of the fusion for a cosine of 1")
    depth: int = Field(30, ge=1, le=1000, description="hits that are judged at the most")
    compute: bool = Field(
        True,
        description="where `embedder.pooled_tokens` is 0, compute the token vectors of what is to "
        "be judged (some 10 ms a passage); else there is no late interaction",
    )


class CrossEncoderSettings(Section):
    """A model that reads question and passage together."""

    model: str = Field("", description="hub name or folder of a cross-encoder with one output")
    weight: float = Field(
        1.0, gt=0, description="1: as much as the fusion; much more (100): it alone decides"
    )
    depth: int = Field(20, ge=1, le=1000, description="hits that are judged at the most")
    batch_size: int = Field(8, ge=1, description="hits that are judged at once")
    max_length: int | None = Field(None, ge=8, description="tokens of a pair; unset: the model's")
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        "auto", description="`auto`: bfloat16 where the CPU has it"
    )


class RemoteRerankerSettings(Section):
    """A reranker behind an HTTP endpoint."""

    form: Literal["cohere", "jina", "tei"] = Field(
        "cohere", description="`/v2/rerank`, `/v1/rerank` or `/rerank`, as these three speak it"
    )
    url: str = Field("https://api.cohere.com", description="what comes before that")
    model: str = Field("", description="the endpoint's name for its model; `tei` has but one")
    api_key: SecretStr = Field(SecretStr(""), description="key for the endpoint")
    weight: float = Field(
        1.0, gt=0, description="1: as much as the fusion; much more (100): it alone decides"
    )
    depth: int = Field(30, ge=1, le=1000, description="hits that are judged at the most")
    timeout_s: float = Field(10.0, gt=0, description="for one request; `budget_ms` may leave less")
    max_retries: int = Field(1, ge=0, description="tries after the first")


class RerankSettings(Section):
    """What orders the first of the default fusion anew."""

    rerankers: tuple[Literal["late_interaction", "cross_encoder", "remote"], ...] = Field(
        ("late_interaction",), description="which, one after the other; empty: none"
    )
    late_interaction: LateInteractionSettings = LateInteractionSettings()
    cross_encoder: CrossEncoderSettings = CrossEncoderSettings()
    remote: RemoteRerankerSettings = RemoteRerankerSettings()
