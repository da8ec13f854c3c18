"""Settings of what writes answers."""

from __future__ import annotations

from pydantic import Field, SecretStr

from api.settings_section import Section


class AnswerSettings(Section):
    """What writes answers. Without `model`, sentences are quoted from the passages."""

    model: str = Field("", description="chat model; empty: extractive answers")
    base_url: str = Field("https://api.openai.com/v1", description="OpenAI-compatible endpoint")
    api_key: SecretStr = Field(SecretStr(""), description="key for the endpoint")
    timeout_s: float = Field(60.0, gt=0, description="for the connection and each piece")
    max_retries: int = Field(2, ge=0, description="tries after the first")
    max_tokens: int = Field(1024, gt=0, description="tokens of an answer at the most")
    context_tokens: int = Field(8192, gt=0, description="the model's window")
    passages: int = Field(8, ge=1, le=50, description="passages given to the writer")
    passage_context_tokens: int = Field(
        0,
        ge=0,
        le=100_000,
        description="so much of what stands around a passage is given with it; 0: nothing",
    )
