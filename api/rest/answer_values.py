"""What clients are shown of an answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from api.rest.search import BoxInfo, pages_of
from generate.contract import Answer, Citation, Passage, SentenceSupport
from ingest.contract import Chunk


class CitationInfo(BaseModel):
    """A checked link from a sentence of the answer to a passage."""

    number: int = Field(description="the n of its mark [n]", examples=[1])
    chunk_id: str
    document_id: str = Field(examples=["AV-200产品说明书.pdf"])
    title: str
    heading_path: list[str]
    pages: list[int] | None = Field(description="first and last page", examples=[[7, 7]])
    boxes: list[BoxInfo]
    quote: str = Field(description="the part of the passage that supports the sentence")
    span: list[int] = Field(
        description="start and end (exclusive) of the sentence in the answer, in characters",
        examples=[[0, 19]],
    )
    support: float = Field(description="from 0 to 1", examples=[0.93])

    @classmethod
    def of(cls, citation: Citation) -> CitationInfo:
        """The same citation."""
        chunk = citation.chunk
        return cls(
            number=citation.number,
            chunk_id=chunk.id,
            document_id=chunk.document_id,
            title=chunk.title,
            heading_path=list(chunk.heading_path),
            pages=pages_of(chunk),
            boxes=[BoxInfo.of(box) for box in chunk.boxes],
            quote=citation.quote,
            span=list(citation.answer_span),
            support=float(citation.support),
        )


class SentenceInfo(BaseModel):
    """How far the passages hold up a sentence of the answer."""

    span: list[int] = Field(description="start and end in the answer", examples=[[0, 19]])
    support: float = Field(description="from 0 to 1", examples=[0.93])
    numbers: list[int] = Field(description="the n of its marks that stood the check")

    @classmethod
    def of(cls, sentence: SentenceSupport) -> SentenceInfo:
        """The same sentence."""
        numbers = list(sentence.numbers)
        return cls(span=list(sentence.span), support=float(sentence.support), numbers=numbers)


class ChunkText(BaseModel):
    """A passage of a document."""

    chunk_id: str
    document_id: str
    title: str
    heading_path: list[str]
    pages: list[int] | None
    text: str

    @classmethod
    def to_read(cls, chunk: Chunk) -> ChunkText:
        """A chunk as it is read: in its parent, where it has one."""
        return cls(**_told(chunk, chunk.parent.text if chunk.parent else chunk.text))


class PassageInfo(ChunkText):
    """A passage that was read for the answer."""

    number: int

    @classmethod
    def of(cls, passage: Passage) -> PassageInfo:
        """The same passage."""
        return cls(number=passage.number, **_told(passage.chunk, passage.chunk.text))


def _told(chunk: Chunk, text: str) -> dict[str, Any]:
    return {
        "chunk_id": chunk.id,
        "document_id": chunk.document_id,
        "title": chunk.title,
        "heading_path": list(chunk.heading_path),
        "pages": pages_of(chunk),
        "text": text,
    }


class UsageInfo(BaseModel):
    """What an answer cost."""

    calls: int = Field(description="of a language model")
    prompt_tokens: int
    completion_tokens: int
    is_estimate: bool = Field(description="the tokens were not counted by the model's server")
    cost: float | None = Field(description="by the prices that are set; null where none are")


class AnswerInfo(BaseModel):
    """An answer with its citations."""

    answer: str = Field(
        description="Markdown with [n] marks", examples=["自发货之日起 24 个月 [1]。"]
    )
    known: bool = Field(description="false where the passages hold no answer")
    citations: list[CitationInfo]
    support: float = Field(description="how far the passages hold up the whole, 0 to 1")
    sentences: list[SentenceInfo] = Field(description="how far they hold up each sentence")
    nearest: list[PassageInfo] = Field(
        description="the passages that come closest, where none holds an answer"
    )
    outline: list[str] = Field(description="headings of a long answer, in order")
    suggestions: list[str] = Field(description="further questions that can be answered")
    usage: UsageInfo = Field(description="what it cost; nothing where it is `cached`")
    conversation: str = Field(
        "", description="id of the conversation that it is a turn of; empty: none"
    )
    cached: bool = Field(False, description="it was kept from before")
    dropped: list[str] = Field(description="citations that did not stand the check, and why")
    notes: list[str] = Field(description="what did not go as asked, such as a fallback")
    generator: str = Field(description="what wrote it", examples=["extractive"])

    @classmethod
    def of(cls, answer: Answer, conversation: str = "", *, cached: bool = False) -> AnswerInfo:
        """The same answer."""
        return cls(
            support=float(answer.support),
            sentences=[SentenceInfo.of(one) for one in answer.sentences],
            nearest=[PassageInfo.of(passage) for passage in answer.nearest],
            outline=list(answer.outline),
            suggestions=list(answer.suggestions),
            usage=UsageInfo(**asdict(answer.usage)),
            conversation=conversation,
            cached=cached,
            answer=answer.text,
            known=answer.known,
            citations=[CitationInfo.of(citation) for citation in answer.citations],
            dropped=list(answer.dropped),
            notes=list(answer.notes),
            generator=answer.generator,
        )
