"""Fixtures of all the tests; they lie beside what they serve."""

from __future__ import annotations

pytest_plugins = ("cli_fixtures", "generate_fixtures", "rest_fixtures")
