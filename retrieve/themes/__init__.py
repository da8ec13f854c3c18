"""Questions to a collection as a whole, answered by what its parts are about."""
