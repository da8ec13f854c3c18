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
}

TRANSLATORS: Mapping[str, str] = {
    "cedict": "retrieve.translate.cedict:CedictTranslator",
}
