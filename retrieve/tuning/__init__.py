"""What should vary with the collection, learned from it."""
