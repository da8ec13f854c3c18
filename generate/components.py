"""The generators by name."""

from __future__ import annotations

from collections.abc import Mapping

GENERATORS: Mapping[str, str] = {
    "extractive": "generate.generators.extractive:ExtractiveGenerator",
    "openai": "generate.generators.openai:OpenAIGenerator",
}
