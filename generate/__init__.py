"""Answers with checked citations."""
