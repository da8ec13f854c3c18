"""Retrieval quality measured from the side."""
