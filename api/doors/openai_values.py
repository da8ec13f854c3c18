"""What OpenAI's clients send to a chat, and what they are given."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.gateway import Asked
from api.rest.values import Filter, Given
from generate.contract import Answer
from retrieve.contract import MAX_K


class Part(Given):
    """A part of a message; those of another type than text cannot be read."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str = ""


class Message(Given):
    """What somebody has said. Questions are the user's, and answers the assistant's; what the
    system says is not followed: Braid answers from the collection by rules of its own."""

    model_config = ConfigDict(extra="allow")

    role: str = Field(examples=["user"])
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """All that can be read of it."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.type == "text")


class StreamOptions(Given):
    """What a stream has besides."""

    model_config = ConfigDict(extra="allow")

    include_usage: bool = Field(False, description="a last chunk says what it cost")


class Options(Given):
    """Braid's own options, in `extra_body` of the official client."""

    k: int = Field(10, ge=1, le=MAX_K, description="passages that are searched for")
    filter: Filter | None = Field(None, description="as in a query")
    cache: bool = Field(True, description="an answer kept from before will do")


class ChatRequest(Given):
    """A conversation whose last question is to be answered. Fields that OpenAI has and that are
    not listed (temperature, max_tokens, tools, ...) are taken and make no difference."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": "braid/papers",
                    "messages": [{"role": "user", "content": "水泵的质保期是多久？"}],
                }
            ]
        },
    )

    model: str = Field(description="`braid/` and the name of a collection")
    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="answers: 1")
    braid: Options = Options()


class UrlCitation(BaseModel):
    """Where a passage is to be had, and the sentence of the answer that it supports."""

    url: str
    title: str
    start_index: int
    end_index: int


class Annotation(BaseModel):
    """A citation, as OpenAI has them."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class CitedPassage(BaseModel):
    """A citation, as Braid has them: `number` is the n of its mark [n], `span` the sentence in the
    answer that `quote` supports."""

    number: int
    chunk_id: str
    document_id: str
    title: str
    pages: list[int] | None
    quote: str
    span: list[int]
    support: float


class Written(BaseModel):
    """The answer, with its citations twice: as OpenAI has them, and as Braid has them."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]
    citations: list[CitedPassage]


class Choice(BaseModel):
    """The one answer."""

    index: int = 0
    message: Written
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatUsage(BaseModel):
    """Tokens that a language model read and wrote for it; none where it was kept or quoted."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, answer: Answer) -> ChatUsage:
        """What an answer cost."""
        read, written = answer.usage.prompt_tokens, answer.usage.completion_tokens
        return cls(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


class Told(BaseModel):
    """What Braid says of the answer besides."""

    known: bool = Field(description="false where the passages hold no answer")
    support: float = Field(description="how far the passages hold it up, 0 to 1")
    generator: str
    cached: bool
    notes: list[str]
    suggestions: list[str]

    @classmethod
    def of(cls, answer: Answer, asked: Asked) -> Told:
        """Of this answer."""
        return cls(
            known=answer.known,
            support=float(answer.support),
            generator=answer.generator,
            cached=asked.cached,
            notes=list(answer.notes),
            suggestions=list(answer.suggestions),
        )


class ChatCompletion(BaseModel):
    """An answer, as OpenAI gives it."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage
    braid: Told


class ModelInfo(BaseModel):
    """A collection."""

    id: str = Field(examples=["braid/papers"])
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["braid"] = "braid"


class ModelList(BaseModel):
    """The collections that the key may read."""

    object: Literal["list"] = "list"
    data: list[ModelInfo]
