"""Legs: independent ways to find chunks."""
