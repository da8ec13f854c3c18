"""The web page: plain files that the service hands out, and that talk to its REST routes."""
