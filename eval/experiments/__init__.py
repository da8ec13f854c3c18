"""Reports: what an evaluation found, for people and for other programs."""
