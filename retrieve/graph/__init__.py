"""Retrieval over the entity graph of a collection."""
