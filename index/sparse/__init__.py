"""Sparse indexes: BM25 over terms."""
