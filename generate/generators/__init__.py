"""Generators: passages to answers."""
