"""Extractors: what a chunk says of things and of how they are related."""
