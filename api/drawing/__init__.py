"""Pictures of the entity graph."""
