"""Ranked, explained hits for a query."""
