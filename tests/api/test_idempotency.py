"""Keys of idempotency among several processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from api.rest import idempotency_store
from api.rest.idempotency_store import Kept, Replays
from api.service_store import ServiceStore

CHILD = (
    "import sys, time; from pathlib import Path; from api.service_store import ServiceStore; "
    "from api.rest.idempotency_store import Replays; folder = Path(sys.argv[1]); "
    "own = Replays(ServiceStore(folder), folder); "
    "print(own.claim('key', 'mark'), flush=True); time.sleep(60)"
)
RESPONSE = Kept("mark", "hash", 202, {"location": "/v1/jobs/1"}, b"{}")


def replays(folder: Path) -> Replays:
    return Replays(ServiceStore(folder), folder)


def test_a_response_is_kept_for_every_process(tmp_path: Path) -> None:
    one, other = replays(tmp_path), replays(tmp_path)
    assert one.claim("key", "mark") is None
    assert other.claim("key", "mark") == Kept("mark")
    assert one.claim("key", "mark") == Kept("mark"), "in progress in the same process, too"
    one.keep("key", RESPONSE)
    assert other.claim("key", "mark") == RESPONSE
    one.close()
    assert other.claim("key", "mark") == RESPONSE
    assert replays(tmp_path).claim("key", "elsewhere") == RESPONSE


def test_what_came_to_nothing_is_free(tmp_path: Path) -> None:
    one, other = replays(tmp_path), replays(tmp_path)
    assert one.claim("key", "mark") is None
    one.release("key")
    assert other.claim("key", "mark") is None
    other.close()
    assert one.claim("key", "mark") is None
    one.keep("key", RESPONSE)
    one.release("key")
    assert one.claim("key", "mark") == RESPONSE, "a response that is kept stays"


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"None\n"
        assert replays(tmp_path).claim("key", "mark") == Kept("mark")
        child.kill()
        child.wait()
    assert replays(tmp_path).claim("key", "mark") is None


def test_they_are_few_and_of_the_last_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = replays(tmp_path)
    monkeypatch.setattr(idempotency_store, "MAX_KEPT", 3)
    for number in range(6):
        assert one.claim(f"key {number}", "mark") is None
        one.keep(f"key {number}", RESPONSE)
    assert one.claim("new", "mark") is None
    assert [one.claim(f"key {number}", "mark") is None for number in range(6)] == [
        True, True, True, False, False, False
    ]  # fmt: skip
    monkeypatch.setattr(idempotency_store, "DAY_S", -1.0)
    assert one.claim("key 5", "mark") is None
