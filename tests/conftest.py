"""Fixtures of all the tests, which lie beside what they serve, and how properties are tried."""

from __future__ import annotations

from collections import Counter

import pytest
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

LONGEST = (
    "retrieve/test_retrieve_model_steps.py",
    "api/test_rest_states.py",
    "ingest/test_hostile.py",
    "api/test_web.py",
    "api/test_cli_upkeep.py",
    "retrieve/test_retrieve_themes.py",
    "api/test_rest_jobs.py",
    "index/test_index_dense_reach.py",
    "index/test_index_embed.py",
    "api/test_answers_sample.py",
    "api/test_rest_schema.py",
    "api/test_load.py",
    "test_docs.py",
    "api/test_access_matrix.py",
    "retrieve/test_retrieve_cross_encoder.py",
    "retrieve/test_retrieve_graph_search.py",
    "generate/test_generate_model.py",
    "graph/test_graph_model_estimate.py",
    "api/test_cli_experiment.py",
    "api/test_cli_gate.py",
)
"""Files that take long for the number of their tests. Each file is one process's: one of these
that began last would leave the others idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those of the most tests; within a file, all as it is."""
    tests = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        name = item.path.as_posix()
        at = next((n for n, long in enumerate(LONGEST) if name.endswith(long)), len(LONGEST))
        return at, -tests[item.path], name

    items.sort(key=place)
