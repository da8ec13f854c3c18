"""Fusions: one ranking out of several."""
