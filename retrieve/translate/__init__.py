"""Translators: words of a query in the other language of a collection."""
