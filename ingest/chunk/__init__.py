"""Chunkers, one to a file."""
