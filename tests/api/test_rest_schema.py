"""The service keeps to its OpenAPI document: requests made from it, right and wrong, with all of
schemathesis' checks. The long run is `python -m bench.schema_fuzz`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from rest_server import running

from api.settings import Settings
from bench.schema_fuzz import fuzzed

KEY = "a-key-for-every-route"
LEAST_CASES = 150


def test_no_route_answers_otherwise_than_it_says(tmp_path: Path) -> None:
    server = {
        "api_key": KEY,
        "requests_per_minute": 0,
        "failures_per_minute": 0,
    }
    settings = Settings.model_validate({"data_dir": tmp_path / "data", "server": server})
    given = Namespace(examples=1, seed=1, only="", phases="examples,fuzzing", seconds=None)
    with running(settings) as client:
        cases, code, said = fuzzed(tmp_path, str(client.base_url).rstrip("/"), KEY, given)
    assert code == 0, said
    assert cases >= LEAST_CASES
