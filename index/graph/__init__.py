"""The entity graph of a collection: a room within the room, of the same shape."""
