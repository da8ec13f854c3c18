"""Test sets out of the user's own documents."""
