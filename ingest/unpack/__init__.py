"""Unpackers: what lies inside archives and mails, one backend to a file."""
