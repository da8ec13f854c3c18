"""What a table of the settings is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Refuses what it does not know; does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
