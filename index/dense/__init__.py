"""Dense indexes: inner product over unit vectors."""
