"""The examples of docs/doors.md, as they stand there but for the address and the key."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import httpx
from door_fixtures import KEY, Door

PAGE = (Path(__file__).parents[2] / "docs" / "doors.md").read_text(encoding="utf-8")
CURL = re.compile(
    r"curl (http://localhost:8080\S+) (?:-H 'Authorization: Bearer KEY' )?"
    r"-H 'Content-Type: application/json' \\\n\s+-d '([^']*)'"
)


def test_every_python_example_prints_the_answer(door: Door) -> None:
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 3
    names: dict[str, object] = {}
    for example in examples:
        here = example.replace("http://localhost:8080", door.base_url).replace("KEY", KEY)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(here, "docs/doors.md", "exec"), names)
        assert "24 months" in said.getvalue(), example
        assert "manual.md" in said.getvalue(), example
    names["client"].close()  # type: ignore[attr-defined]


def test_every_curl_example_is_answered(door: Door) -> None:
    examples = CURL.findall(PAGE)
    assert len(examples) == 3
    for address, body in examples:
        url = address.replace("http://localhost:8080", door.base_url)
        headers = {"Authorization": f"Bearer {KEY}"}
        response = httpx.post(url, json=json.loads(body), headers=headers, timeout=60)
        assert response.status_code == 200, response.text


def test_the_configurations_are_json() -> None:
    for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL):
        assert "braid" in json.loads(block)["mcpServers"]
