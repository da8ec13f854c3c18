"""Rerankers: what orders the first of a merged ranking anew."""
