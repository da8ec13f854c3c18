"""What a query says beside its words, found without a language model."""
