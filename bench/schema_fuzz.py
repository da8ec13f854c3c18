"""Requests made from the OpenAPI document against a running server: does it keep to it?

    python -m bench.schema_fuzz [--examples 20] [--seed 1] [--only REGEX] [--report FOLDER]

Starts `braid serve` on a free port with a key, fills a collection, and lets schemathesis try every
route with all of its checks: examples, boundaries, random values and sequences, right and wrong
ones. Met is: at least 2,000 cases (with the defaults), no status of 500 or more, and no status,
type of content, header or body that is not documented. Ends with 1 where that is not met.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = "library"
LEAST_CASES = 2000
DOCUMENTS = {
    "notes/晨会.txt": "水泵每月检查一次。质保期为二十四个月。AV-240 由青澜泵业制造,供应临桥水厂。",
    "manual.txt": "The pump AV-240 is made by Qinglan Pumps. Its warranty is 24 months.",
    "rules/travel.txt": "Travel expenses are reported within 30 days. 差旅费在三十天内报销。",
}
REPORT = "report.json"
REFUSALS = ["400", "401", "403", "404", "405", "406", "408", "409", "412", "413", "414", "415"]
REFUSALS += ["422", "428", "429", "431"]
"""What a wrong request may be answered with."""
ACCEPTANCES = ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]
"""What a request may be answered with that keeps to the document: 412 where it has an If-Match."""
BEYOND_SCHEMA = {
    "/v1/collections/{collection}/search": "filters have a grammar; steps depend on the settings",
    "/v1/collections/{collection}/query": "the same",
    "/v1/collections/{collection}/documents": "ids are a JSON array, as many as there are files",
    "/v1/collections/{collection}/documents/text": "ids are relative paths, and differ",
    "/v1/collections/{collection}/words": "words have a grammar",
    "/v1/collections/{collection}/synonyms": "rules have a grammar",
    "/v1/collections/{collection}/graph/decisions": "kinds of decision differ in what they take",
    "/v1/collections/{collection}/graph/aliases": "names of a set differ",
    "/v1/collections/{collection}/documents/url": "addresses have to be allowed by the settings",
    "/v1/collections/{collection}/documents/{document_id}": "what may be stored as metadata",
    "/v1/collections/{collection}/evaluations": "questions come in two forms",
    "/v1/collections/{collection}/feedback": "a chunk or a document is rated",
    "/v1/collections/{collection}/tune": "questions go with one of the sources",
    "/v1/keys": "names of collections have a grammar; a key cannot have expired",
    "/retrieval": "a collection is named in the body",
    "/v1/chat/completions": "the last message is the question; steps depend on the settings",
}
"""Routes that refuse some of what JSON Schema allows, with the reason: 422 is right there, or 400
where another protocol says so."""
_START_S = 120.0
_PAUSE_S = 0.2


@contextmanager
def served(folder: Path, key: str) -> Iterator[str]:
    """The address of a server over an empty data folder."""
    environment = os.environ | {
        "BRAID_DATA_DIR": str(folder / "data"),
        "BRAID_SERVER__API_KEY": key,
        "BRAID_SERVER__PORT": "0",
        "BRAID_SERVER__REQUESTS_PER_MINUTE": "0",
        "BRAID_SERVER__FAILURES_PER_MINUTE": "0",
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
    }
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", "from api.cli import main; main()", "serve"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            cwd=folder,
        )
        try:
            assert server.stdout is not None
            line = server.stdout.readline().decode()
            address = re.search(r"http://\S+", line)
            if address is None:
                raise SystemExit(f"the server did not start: {(folder / 'server.log').read_text()}")
            yield address[0]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def fill(url: str, key: str) -> None:
    """Makes the collection that requests go to, and waits until it can be searched."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=_START_S) as client:
        client.post("/v1/collections", json={"name": LIBRARY}).raise_for_status()
        texts = [{"id": name, "text": text} for name, text in DOCUMENTS.items()]
        job = client.post(
            f"/v1/collections/{LIBRARY}/documents/text", json={"documents": texts}
        ).raise_for_status()
        end = time.monotonic() + _START_S
        state = ""
        while state != "done":
            answer = client.get(job.headers["Location"])
            state = answer.json().get("state", "") if answer.is_success else ""
            if state in ("failed", "cancelled") or time.monotonic() > end:
                raise SystemExit(f"the documents were not stored: {answer.text}")
            time.sleep(_PAUSE_S)


def settings_of(folder: Path) -> Path:
    """A file of settings for schemathesis."""
    pools = {"collections": [LIBRARY], "documents": list(DOCUMENTS), "words": ["水泵"]}
    lines = ["max-stream-events = 50"]
    for name, values in pools.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values, ensure_ascii=False)}"]
    lines += [
        "[parameters]",
        '"path.collection" = { dictionary = "collections", probability = 0.9 }',
        '"path.document_id" = { dictionary = "documents", probability = 0.7 }',
        '"path.word" = { dictionary = "words", probability = 0.5 }',
        "[checks]",
        "max_response_time = 60.0",
        "[checks.positive_data_acceptance]",
        f"expected-statuses = {json.dumps(ACCEPTANCES)}",
        "[checks.negative_data_rejection]",
        f"expected-statuses = {json.dumps(REFUSALS)}",
    ]
    for path in BEYOND_SCHEMA:
        lines += [
            "[[operations]]",
            f"include-path = {json.dumps(path)}",
            "[operations.checks.positive_data_acceptance]",
            f"expected-statuses = {json.dumps([*ACCEPTANCES, '400', '422'])}",
        ]
    config = folder / "schemathesis.toml"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def command_of(folder: Path, url: str, key: str, given: argparse.Namespace) -> list[str]:
    """The command line of schemathesis."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings_of(folder)), "run",
        f"{url}/openapi.json", "--checks", "all", "--max-examples", str(given.examples),
        "--seed", str(given.seed), "--continue-on-failure", "--no-color",
        "--header", f"Authorization: Bearer {key}", "--request-timeout", "60",
        "--report", "json,ndjson", "--report-json-path", str(folder / REPORT),
        "--report-ndjson-path", str(folder / "events.ndjson"),
        "--output-sanitize", "false", "--suppress-health-check", "all",
        "--generation-database", "none", "--warnings", "off",
    ]  # fmt: skip
    if given.phases:
        command += ["--phases", given.phases]
    if given.only:
        command += ["--include-path-regex", given.only]
    return command


def fuzzed(folder: Path, url: str, key: str, given: argparse.Namespace) -> tuple[int, int, str]:
    """Fuzzes a server; the number of cases, how schemathesis ended, and what it said."""
    fill(url, key)
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "bench.schema_fuzz_hooks",
        "SCHEMA_FUZZ_URL": url,
        "SCHEMA_FUZZ_KEY": key,
        "SCHEMA_FUZZ_COLLECTION": LIBRARY,
        "PYTHONPATH": str(ROOT),
    }
    command = command_of(folder, url, key, given)
    said = folder / "said.txt"
    with said.open("wb") as log:
        run = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            code = run.wait(given.seconds)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)  # it says what it found until then
            code = run.wait() or 1
    report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    return report["test_cases"]["generated"], code, said.read_text(encoding="utf-8")


def main() -> int:
    """Runs it and says what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=20, help="random cases of a route")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="routes whose paths match")
    parser.add_argument("--phases", default="", help="some of examples,coverage,fuzzing,stateful")
    parser.add_argument("--seconds", type=float, help="the run ends, unmet, where it takes longer")
    parser.add_argument("--report", type=Path, help="folder that keeps what was found")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="braid-fuzz-") as scratch:
        folder = given.report or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        key = secrets.token_hex(16)
        with served(folder, key) as url:
            cases, code, said = fuzzed(folder, url, key, given)
    print(said)
    is_whole = not (given.only or given.phases)
    enough = cases >= LEAST_CASES or not is_whole
    print(f"{cases} cases: {'met' if code == 0 and enough else 'not met'}")
    return 0 if code == 0 and enough else 1


if __name__ == "__main__":
    sys.exit(main())
