"""The names of what a collection is tuned to."""

COSINE_RATIO = "cosine_ratio"
"""What the weight of the cosine is multiplied by, against the words."""
