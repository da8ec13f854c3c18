"""Settings of evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from api.settings_section import Section


class EvaluationSettings(Section):
    """What was measured, and is kept."""

    runs_dir: Path | None = Field(
        None, description="where measured runs are kept; unset: `runs` in `data_dir`"
    )
    language: Literal["en", "zh"] = Field("en", description="language of reports: English, Chinese")
