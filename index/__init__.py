"""Durable collections: a catalog that is the truth, and the indexes that are its caches."""
