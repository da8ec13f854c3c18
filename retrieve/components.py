"""The legs, fusions, rerankers and translators by name."""

from __future__ import annotations

from collections.abc import Mapping

LEGS: Mapping[str, str] = {
    "sparse": "retrieve.legs.sparse:SparseLeg",
    "translated": "retrieve.legs.translated:TranslatedLeg",
    "dense": "retrieve.legs.dense:DenseLeg",
}

FUSIONS: Mapping[str, str] = {
    "default": "retrieve.fusion.evidence:EvidenceFusion",
    "convex": "retrieve.fusion.convex:ConvexFusion",
    "rrf": "retrieve.fusion.rrf:ReciprocalRankFusion",
}

RERANKERS: Mapping[str, str] = {
    "late_interaction": "retrieve.rerank.late_interaction:LateInteraction",
    "cross_encoder": "retrieve.rerank.cross_encoder:CrossEncoderReranker",
    "remote": "retrieve.rerank.remote:RemoteReranker",
}

STEPS: Mapping[str, bool] = {
    "follow_up": True,
    "sections": True,
    "quotes": True,
    "filters": True,
    "spelling": True,
    "synonyms": True,
    "rewrite": False,
    "decompose": False,
    "step_back": False,
    "hyde": False,
    "smoothing": True,
    "graph": True,
    "themes": True,
    "map_reduce": False,
    "listwise": False,
    "feedback": True,
    "verbatim": True,
    "duplicates": True,
    "relevance": True,
}
"""Steps of a search that can be switched, beside the rerankers that are always taken, and whether
they are taken where nothing is said. A fusion other than the default, or a leg alone, takes those
alone that the query itself switches on."""

TRANSLATORS: Mapping[str, str] = {
    "cedict": "retrieve.translate.cedict:CedictTranslator",
}
