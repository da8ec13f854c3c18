"""Measures of answers: their words, their citations, what they leave out, how they read."""
