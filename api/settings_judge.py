"""The settings of the language model that judges answers."""

from __future__ import annotations

from pydantic import Field, SecretStr

from api.settings_section import Section


class JudgeSettings(Section):
    """The language model that judges answers for `braid eval run --judge`. Let it be another one
    than writes them: models like their own words."""

    model: str = Field("", description="chat model that judges; empty: none")
    base_url: str = Field("https://api.openai.com/v1", description="OpenAI-compatible endpoint")
    api_key: SecretStr = Field(SecretStr(""), description="key for the endpoint")
    max_tokens: int = Field(
        256, gt=0, description="tokens of a verdict; a model that reasons first needs more"
    )
    context_tokens: int = Field(16384, gt=0, description="the model's window")
    budget_tokens: int = Field(
        1_000_000,
        ge=0,
        description="tokens read and written by the judge in one evaluation, after which it ends; "
        "0: no limit",
    )
    workers: int = Field(4, ge=1, le=64, description="calls at the same time")
    prompt_price: float = Field(0.0, ge=0, description="of a million tokens that the judge reads")
    completion_price: float = Field(
        0.0, ge=0, description="of a million tokens that the judge writes"
    )
