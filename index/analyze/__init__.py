"""Analyzers: text to index terms."""
