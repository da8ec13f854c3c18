"""Fixtures of all the tests, which lie beside what they serve, and how properties are tried."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = (
    "cli_fixtures",
    "door_fixtures",
    "generate_fixtures",
    "rest_fixtures",
    "web_fixtures",
)

# The same examples in every run; `pytest --hypothesis-profile=search` looks for new ones.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("search", derandomize=False)
settings.load_profile("same")
