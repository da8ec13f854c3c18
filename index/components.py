"""The analyzers, embedders and indexes by name."""

from __future__ import annotations

from collections.abc import Mapping

ANALYZERS: Mapping[str, str] = {
    "jieba": "index.analyze.jieba:JiebaAnalyzer",
    "rjieba": "index.analyze.rjieba:RjiebaAnalyzer",
}

EMBEDDERS: Mapping[str, str] = {
    "openai": "index.embed.openai:OpenAIEmbedder",
    "sentence-transformers": "index.embed.sentence_transformers:SentenceTransformerEmbedder",
}

SPARSE: Mapping[str, str] = {
    "impacts": "index.sparse.impacts:ImpactIndex",
    "tantivy": "index.sparse.tantivy:TantivyIndex",
    "rank-bm25": "index.sparse.rank_bm25:RankBm25Index",
}

DENSE: Mapping[str, str] = {
    "faiss": "index.dense.faiss:FaissIndex",
}
