"""The graph of a collection, as the rooms to the right see it."""

from __future__ import annotations

from typing import Any

from index.graph.alias_lines import MAX_ALIAS_SETS, alias_line, parse_aliases
from index.graph.candidates import Candidate, candidates
from index.graph.components import EXTRACTORS
from index.graph.contract import Extractor
from index.graph.en_tokens import Token, en_tokens, lexicon
from index.graph.exporting import FORMATS, ExportedGraph, export_graph
from index.graph.finding import entities_like, reference_of
from index.graph.model_budget import Budget, Prices, Usage
from index.graph.model_dialogue import Findings
from index.graph.model_estimate import Estimate
from index.graph.model_extraction import ModelExtraction
from index.graph.model_run import BUDGET, CANCELLED, UNAVAILABLE, BuildReport
from index.graph.names import same_name
from index.graph.networks import network, relation_network
from index.graph.summaries import ChunksOf, Digest, digest_of
from index.graph.views import (
    MAX_HOPS,
    MAX_NODES,
    MAX_PATHS,
    CitedSentence,
    EntityPath,
    GraphView,
    Link,
    Nearness,
    Neighbour,
    Neighbourhood,
)
from index.graph.zh_tokens import Word, zh_words
from ingest.contract import load_component

__all__ = [
    "BUDGET",
    "CANCELLED",
    "FORMATS",
    "MAX_ALIAS_SETS",
    "MAX_HOPS",
    "MAX_NODES",
    "MAX_PATHS",
    "UNAVAILABLE",
    "Budget",
    "BuildReport",
    "Candidate",
    "ChunksOf",
    "CitedSentence",
    "Digest",
    "EntityPath",
    "Estimate",
    "ExportedGraph",
    "Findings",
    "GraphView",
    "Link",
    "ModelExtraction",
    "Nearness",
    "Neighbour",
    "Neighbourhood",
    "Prices",
    "Token",
    "Usage",
    "Word",
    "alias_line",
    "build_extractor",
    "candidates",
    "digest_of",
    "en_tokens",
    "entities_like",
    "export_graph",
    "is_english_word",
    "network",
    "parse_aliases",
    "reference_of",
    "relation_network",
    "same_name",
    "zh_words",
]


def build_extractor(name: str, **options: Any) -> Extractor:
    """The extractor of that name. Raises BadInput for an unknown name or a wrong option."""
    extractor: Extractor = load_component(EXTRACTORS, name, **options)
    return extractor


def is_english_word(word: str) -> bool:
    """Whether an English word, in small letters, is known."""
    return word in lexicon()
