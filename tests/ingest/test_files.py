"""Files where they lie: sidecars, files that change, what is no file, folders without end."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.contract import Failure, Source, UnreadableFile
from ingest.files import (
    FileSource,
    Found,
    StoredSource,
    discover,
    load,
    metadata_object,
    sidecar_metadata,
)


def found(root: Path) -> list[str]:
    return [entry.document_id for entry in discover([root])]


def source(path: Path, **metadata: object) -> Source:
    return FileSource(Found(path, path.name), metadata=metadata)()  # type: ignore[arg-type]


def test_what_is_known_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    path.parent.mkdir()
    path.write_bytes(b"12345")
    os.utime(path, (1714521600, 1714521600.25))
    (only,) = discover([tmp_path])
    assert isinstance(only, Found)
    assert only.root == tmp_path.resolve()
    assert FileSource(only)().metadata == {
        "source": "a/b.txt", "file_name": "b.txt", "size": 5, "modified": "2024-05-01T00:00:00Z"
    }  # fmt: skip


def test_metadata_beside_a_file(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")
    (tmp_path / "report.pdf.meta.json").write_text('{"year": 2024, "tags": ["a", "泵"]}')
    (tmp_path / "report.pdf.metadata.json").write_text('{"year": 1999, "author": "Li"}')
    (tmp_path / "alone.meta.json").write_text('{"a": "document"}')
    told: dict[str, str] = {}
    names = [entry.document_id for entry in discover([tmp_path], told.__setitem__)]
    assert names == ["alone.meta.json", "report.pdf"]
    assert sorted(told) == ["report.pdf.meta.json", "report.pdf.metadata.json"]
    assert sidecar_metadata(path) == {"year": 2024, "tags": ["a", "泵"], "author": "Li"}
    assert source(path, author="Wang").metadata["author"] == "Wang"
    named = [tmp_path / "report.pdf", tmp_path / "report.pdf.meta.json"]
    assert [entry.document_id for entry in discover(named)] == ["report.pdf"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not valid JSON"),
        ("[1]", "no JSON object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": "\\ud800"}', "not valid JSON"),
        ('{"a": ' * 100_000, "not valid JSON"),
        ("x" * 2_000_000, "over the limit"),
    ],
)
def test_metadata_that_cannot_be_taken_are_a_clear_failure(
    tmp_path: Path, text: str, word: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"A valve.")
    (tmp_path / "a.txt.meta.json").write_text(text)
    with pytest.raises(UnreadableFile, match=word) as caught:
        source(path)
    assert "a.txt.meta.json" in str(caught.value) or word == "over the limit"


@given(st.binary(max_size=200))
def test_any_metadata_are_an_object_or_refused(data: bytes) -> None:
    try:
        value = metadata_object(data, "x")
    except UnreadableFile:
        return
    assert isinstance(value, dict)
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


def test_sources_go_through_pickle(tmp_path: Path) -> None:
    path = tmp_path / "0"
    path.write_bytes(b"A valve.")
    stored = StoredSource(path, "up/a.txt", "dir\\a.txt", {"year": 2024})
    for given_source in (stored, FileSource(Found(path, "a.txt", tmp_path))):
        again = pickle.loads(pickle.dumps(given_source))
        assert again() == given_source()
    assert stored().metadata == {
        "source": "up/a.txt", "file_name": "a.txt", "size": 8, "year": 2024
    }  # fmt: skip
    path.write_bytes(b"")
    with pytest.raises(UnreadableFile, match="empty"):
        stored()


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"begun")
    really = os.fdopen
    writes: Iterator[bytes]

    def writing(*arguments: object) -> object:
        more = next(writes, b"")
        if more:
            path.write_bytes(path.read_bytes() + more)
        return really(*arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "fdopen", writing)
    states = iter([os.stat_result((0o100644, 0, 0, 0, 0, 0, size, 0, 0, 0)) for size in (5, 9)])
    fstat = os.fstat
    monkeypatch.setattr(os, "fstat", lambda handle: next(states, fstat(handle)))
    writes = iter([b", ended"])
    assert load(path).data == b"begun, ended"

    sizes = iter(range(100))
    monkeypatch.setattr(
        os,
        "fstat",
        lambda handle: os.stat_result((0o100644, 0, 0, 0, 0, 0, next(sizes), 0, 0, 0)),
    )
    with pytest.raises(UnreadableFile, match="changed while it was read"):
        load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_devices_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    told: dict[str, str] = {}
    assert list(discover([tmp_path], told.__setitem__)) == []
    assert told["pipe"] == "not a regular file"
    for name in ("pipe", "zero"):
        with pytest.raises(UnreadableFile, match="not a regular file"):
            load(tmp_path / name)
    # A file that a pipe takes the place of between the look and the opening.
    (tmp_path / "file").write_bytes(b"x")
    regular = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda self, **_: regular)
    with pytest.raises(UnreadableFile, match="not a regular file"):
        load(tmp_path / "pipe")


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xd6\xd0.txt"
    try:
        with open(name, "wb") as file:  # noqa: PTH123 - a Path would refuse the bytes
            file.write(b"A valve.")
    except OSError:
        pytest.skip("the file system takes no such name")
    (only,) = discover([tmp_path])
    assert isinstance(only, Found)
    loaded = FileSource(only)()
    for text in (only.document_id, loaded.document_id, str(loaded.metadata["file_name"])):
        text.encode()
    only.path.unlink()
    with pytest.raises(Exception, match="any more") as caught:
        FileSource(only)()
    str(caught.value).encode()


def test_a_tree_of_any_size_begins_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        folder = tmp_path / f"{number:02}"
        folder.mkdir()
        (folder / "a.txt").write_bytes(b"x")
    listed: list[str] = []
    really = Path.iterdir

    def listing(self: Path) -> Iterator[Path]:
        listed.append(self.name)
        return iter(list(really(self)))

    monkeypatch.setattr(Path, "iterdir", listing)
    first = next(iter(discover([tmp_path])))
    assert first.document_id == "00/a.txt"
    assert len(listed) == 2


def test_loops_of_links_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_bytes(b"x")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "gone").symlink_to("nowhere")
    assert found(tmp_path) == ["a/x.txt"]


def test_a_folder_that_may_not_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shut").mkdir()
    (tmp_path / "a.txt").write_bytes(b"x")
    really = Path.iterdir

    def refusing(self: Path) -> Iterator[Path]:
        if self.name == "shut":
            raise PermissionError(13, "Permission denied")
        return really(self)

    monkeypatch.setattr(Path, "iterdir", refusing)
    seen = list(discover([tmp_path]))
    assert [entry.document_id for entry in seen] == ["a.txt", "shut"]
    assert isinstance(seen[1], Failure)
