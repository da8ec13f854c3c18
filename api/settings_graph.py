"""The settings of the entity graph."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.settings_section import Section


class ModelExtractionSettings(Section):
    """How the language model (`answer.model`) is asked for entities and relations."""

    types: tuple[
        Literal[
            "person", "organization", "place", "work", "event", "term", "date", "amount",
            "identifier",
        ],
        ...,
    ] = Field(
        ("person", "organization", "place", "work", "event", "term"),
        description="of entities that are asked for",
    )  # fmt: skip
    gleanings: int = Field(
        1, ge=0, le=5, description="times that a chunk is asked for what was missed, at the most"
    )
    max_tokens: int = Field(
        1024,
        ge=16,
        description="of one answer; a model that reasons first needs more. Raised, it has the "
        "answers that were cut off asked for again, and no others",
    )
    timeout_s: float = Field(120.0, gt=0, description="for one answer")
    attempts: int = Field(
        5, ge=1, le=20, description="of one call, 2 s after the first, then 4 s, 8 s and so on"
    )
    workers: int = Field(4, ge=1, le=256, description="calls at the same time")
    probe: int = Field(
        16,
        ge=0,
        le=1000,
        description="chunks that `--dry-run` asks the model about, to measure, and no more than a "
        "quarter of those that are due; their answers are kept",
    )


class GraphSettings(Section):
    """Entities, how they are related, and where it is said."""

    extractor: Literal["rules", "off"] = Field(
        "rules", description="what finds them while documents are ingested; `off`: no graph"
    )
    model: ModelExtractionSettings = ModelExtractionSettings()
