"""Doors that speak as other services do, for clients that were written for those."""
