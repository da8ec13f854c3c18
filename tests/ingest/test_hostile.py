"""Hostile files among good ones: each ends as a document or with a reason, within its bounds; no
file is touched but its own, nothing is reached, and the good ones are all read."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hostile import CANARY, hostile_files
from seeds import good_files
from watched import Watched, examine

from ingest.components import PARSERS
from ingest.contract import UnreadableFile
from ingest.media import describe
from ingest.sniff import sniff
from ingest.workers import Limits, Workers

LIMITS = Limits(timeout_s=240, memory_mb=2000)
"""Far over what any file takes on a calm machine: to pass them is to hang or to burst."""

PICTURES = ("png", "bmp", "gif", "tiff")


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address that notes who comes."""
    came: list[bytes] = []
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    server.settimeout(0.2)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                caller, _ = server.accept()
            except OSError:
                continue
            came.append(b"somebody")
            caller.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/", came
    done.set()
    thread.join()
    server.close()


@pytest.fixture(scope="module")
def outcome(
    tmp_path_factory: pytest.TempPathFactory, listener: tuple[str, list[bytes]]
) -> dict[str, Watched | UnreadableFile]:
    """What came of each file, hostile and good ones in turn, in one or two processes."""
    root = tmp_path_factory.mktemp("hostile")
    secret = root / "secret.txt"
    secret.write_text(CANARY)
    files = {f"good_{name}": data for name, data in good_files().items()}
    files |= hostile_files(str(secret), listener[0])
    futures: dict[str, Future[Watched]] = {}
    with Workers(2, LIMITS) as workers:
        for name, data in files.items():
            path, folder = root / "in" / name, root / "out" / name
            path.parent.mkdir(exist_ok=True)
            folder.mkdir(parents=True)
            path.write_bytes(data)
            futures[name] = workers.submit(examine, (str(path), str(folder)))
        return {name: _ended(future) for name, future in futures.items()}


def _ended(future: Future[Watched]) -> Watched | UnreadableFile:
    try:
        return future.result()
    except UnreadableFile as error:
        return error


def test_every_hostile_file_ends_as_documents_or_reasons(
    outcome: dict[str, Watched | UnreadableFile],
) -> None:
    hostile = {name: end for name, end in outcome.items() if not name.startswith("good_")}
    assert len(hostile) >= 130
    # Neither a crash, nor a limit of time or memory: these end in an exception of the worker.
    assert {name: end for name, end in hostile.items() if not isinstance(end, Watched)} == {}
    for name, end in hostile.items():
        assert isinstance(end, Watched)
        assert end.texts or end.reasons, name
        for reason in end.reasons.values():
            assert 0 < len(reason) < 700, (name, reason)
            assert "\n" not in reason, (name, reason)


def test_nothing_else_is_touched_and_nothing_reached(
    outcome: dict[str, Watched | UnreadableFile], listener: tuple[str, list[bytes]]
) -> None:
    trespasses = {
        name: end.trespasses
        for name, end in outcome.items()
        if isinstance(end, Watched) and end.trespasses
    }
    assert trespasses == {}
    assert listener[1] == []
    for name, end in outcome.items():
        if isinstance(end, Watched):
            assert not any(CANARY in text for text in end.texts.values()), name


def test_good_files_beside_them_are_all_read(
    outcome: dict[str, Watched | UnreadableFile],
) -> None:
    for name, data in good_files().items():
        if name.endswith(PICTURES):
            continue
        end = outcome[f"good_{name}"]
        assert isinstance(end, Watched), name
        media_type = sniff(data, name)
        if media_type in PARSERS or describe(media_type) == "":
            assert "Good words" in " ".join(end.texts.values()), name
            assert end.reasons == {}, name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bomb_flat.zip", "200 times its size"),
        ("bomb_nested.zip", "the limit|200 times its size"),
        ("bomb_deep.zip", "packed in 6 others, the limit"),
        ("bomb.tar.gz", "200 times its size"),
        ("many.zip", "more than 20,000 files, the limit"),
        ("overlapping.zip", "overlap"),
        ("quine.zip", "packed in 6 others, the limit"),
        ("encrypted.zip", "encrypted"),
        ("lying_size.zip", "2,048 MB, over the limit of 200 MB"),
        ("traversal.zip", "absolute path"),
        ("links.tar", "link, which is never followed"),
        ("xz_dictionary.xz", "256 MB"),
        ("nested.eml", "nested over 40 deep"),
        ("many_parts.eml", "2,000 parts, the limit"),
        ("bomb_body.docx", "more than 10 MB in one piece"),
        ("endless.tar", "1,152,921,504,606,846,976 bytes"),
        ("encrypted.pdf", "password"),
        ("encrypted.docx", "encrypted"),
    ],
)
def test_the_reason_names_the_bound(
    outcome: dict[str, Watched | UnreadableFile], name: str, words: str
) -> None:
    end = outcome[name]
    assert isinstance(end, Watched)
    reasons = " | ".join(end.reasons.values())
    assert any(word in reasons for word in words.split("|")), reasons


def test_what_is_read_beside_a_hostile_member_is_kept(
    outcome: dict[str, Watched | UnreadableFile],
) -> None:
    for name in ("traversal.zip", "lying_size.zip", "encrypted.zip", "link.zip", "repeated.zip"):
        end = outcome[name]
        assert isinstance(end, Watched)
        assert "Good words" in end.texts.values(), name


def test_the_watch_sees_what_it_is_for(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "secret.txt"
    inside.mkdir()
    outside.write_text(CANARY)
    with Workers(1, LIMITS) as workers:
        seen = workers.submit(_trespass, (str(inside), str(outside))).result()
    assert len(seen) == 3
    assert "secret.txt" in seen[0]
    assert "new.txt" in seen[1]
    assert "socket" in seen[2]


def _trespass(given: tuple[str, str]) -> list[str]:
    """Does what a hostile file wants done, under watch."""
    import watched

    folder, secret = given
    path = Path(folder) / "a.txt"
    path.write_text("words")
    watched.examine((str(path), folder))
    watched._seen.clear()
    Path(secret).read_text()
    (Path(secret).parent / "new.txt").write_text("x")
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    return [event for event in watched._seen if event.startswith(("open", "socket.__new__"))]
