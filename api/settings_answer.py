"""Settings of what writes answers."""

from __future__ import annotations

from pydantic import Field, SecretStr

from api.settings_section import Section


class AnswerSettings(Section):
    """What writes answers. Without `model`, sentences are quoted from the passages."""

    model: str = Field("", description="chat model; empty: extractive answers")
    base_url: str = Field("https://api.openai.com/v1", description="OpenAI-compatible endpoint")
    api_key: SecretStr = Field(SecretStr(""), description="key for the endpoint")
    connect_timeout_s: float = Field(10.0, gt=0, description="for the connection")
    first_token_s: float = Field(
        60.0, gt=0, description="until the answer begins; then quoted sentences step in"
    )
    timeout_s: float = Field(60.0, gt=0, description="for each further piece")
    total_timeout_s: float = Field(
        300.0, gt=0, description="for the whole answer; then quoted sentences step in"
    )
    max_retries: int = Field(
        2, ge=0, description="tries after the first, with growing pauses or as the server says"
    )
    breaker_failures: int = Field(
        5, ge=1, description="failures in a row after which the endpoint is left alone"
    )
    breaker_rest_s: float = Field(30.0, gt=0, description="for so long; then one call tries")
    prompt_price: float = Field(0.0, ge=0, description="of a million tokens that the model reads")
    completion_price: float = Field(
        0.0, ge=0, description="of a million tokens that the model writes"
    )
    max_tokens: int = Field(1024, gt=0, description="tokens of an answer at the most")
    context_tokens: int = Field(8192, gt=0, description="the model's window")
    passages: int = Field(8, ge=1, le=50, description="passages given to the writer")
    passages_tokens: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="estimated tokens of the passages together; 0: what `context_tokens` leaves",
    )
    min_support: float = Field(
        0.3,
        ge=0,
        le=1,
        description="of a model's answer; one that the passages hold up less is replaced by quoted "
        "sentences",
    )
    passage_context_tokens: int = Field(
        0,
        ge=0,
        le=100_000,
        description="so much of what stands around a passage is given with it; 0: nothing",
    )
