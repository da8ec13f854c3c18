"""Settings of conversations and of the answer cache."""

from __future__ import annotations

from pydantic import Field

from api.settings_section import Section


class ConversationSettings(Section):
    """Conversations that the service keeps by id."""

    lifetime_hours: float = Field(
        72.0, gt=0, description="after its last question a conversation is kept for so long"
    )
    max_turns: int = Field(100, ge=1, description="of one; the oldest go")
    per_caller: int = Field(
        1000, ge=1, description="of one caller in one collection; those unused the longest go"
    )
    history_turns: int = Field(
        6, ge=0, le=50, description="turns that a new question is read with, at the most"
    )
    history_tokens: int = Field(
        1500, ge=0, description="tokens of these turns at the most; the oldest are left out"
    )


class CacheSettings(Section):
    """Answers kept in memory, for as long as nothing in their collection changes."""

    max_mb: int = Field(64, ge=0, description="memory for answers; 0: none is kept")
