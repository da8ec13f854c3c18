"""The extractors by name."""

from __future__ import annotations

from collections.abc import Mapping

EXTRACTORS: Mapping[str, str] = {
    "rules": "index.graph.extract.rules:RuleExtractor",
}
