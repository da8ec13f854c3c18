"""A command line run in this process, over the real model, loaded once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import typer.testing
from typer.testing import CliRunner

import api.compose
from api.cli.app import app
from api.settings import load_settings
from index.contract import Embedder
from index.pipeline import Parts, QueryCache, build_parts

MARKDOWN = """# Seal warranty

The warranty on seals is two years from delivery.

## Bearings

{bearings}

## Motors

Motors are covered for five years when they are installed by a certified electrician.
"""
BEARINGS = (
    "Bearings are covered for eighteen months. They have to be greased every quarter, and the "
    "record of the greasing has to be kept with the machine, or the cover ends with the first "
    "quarter that was missed. A bearing that runs hot is to be replaced together with its seal."
)
GBK = "离心泵的质保期为三年。\n\n电机的额定电流为十二安培，启动电流不得超过额定电流的六倍。\n"
HTML = """<html><head><title>Leave</title></head><body><nav>Home</nav><main><h1>Leave</h1>
<p>Employees have twenty-five days of paid leave a year.</p></main></body></html>"""


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which has to be one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Braid:
    """The command line over one data folder."""

    data: Path

    def __call__(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Said:
        """Runs a command; an exception that is no exit code fails the test."""
        variables = {"BRAID_DATA_DIR": str(self.data), **(env or {})}
        result = CliRunner().invoke(app, [str(a) for a in arguments], env=variables)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return Said(result.exit_code, result.stdout, result.stderr)

    def refused(
        self, *arguments: str | Path, code: int, env: Mapping[str, str] | None = None
    ) -> str:
        """The one line with which a command refuses, after the same was seen with --json."""
        said = self(*arguments, env=env)
        assert said.code == code, said
        assert said.out == "", said
        assert said.err.startswith("error: "), said
        assert said.err.count("\n") == 1, said
        as_json = self(*arguments, "--json", env=env)
        assert as_json.code == code
        assert f"error: {as_json.json['error']['message']}\n" == said.err
        return said.err


@pytest.fixture(scope="session", autouse=True)
def shared_parts() -> Iterator[None]:
    """Parts are built once for the same options, and an embedder for its own, whatever stands
    beside it: a loaded model takes a gigabyte. It remembers the foreign questions of every tuning,
    which are more than a cache holds otherwise."""
    built: dict[str, Parts] = {}
    embedders: dict[str, Embedder] = {}

    def build(**choices: Any) -> Parts:
        # Where the model lies changes nothing about it.
        named = {
            part: (choice.name, {k: v for k, v in choice.options.items() if k != "cache"})
            for part, choice in choices.items()
            if choice is not None
        }
        key = repr(sorted(named.items()))
        if key not in built:
            parts = build_parts(**choices)
            name = repr(named["embedder"])
            if name not in embedders:
                assert isinstance(parts.embedder, QueryCache)
                embedders[name] = replace(parts.embedder, size=1_000)
            built[key] = replace(parts, embedder=embedders[name])
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.compose, "build_parts", build)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_command() -> Iterator[None]:
    """The commands are made out of their functions once, not for each that is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def braid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Braid:
    """A command line without collections, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return Braid(tmp_path / "data")


@pytest.fixture
def real_cache(tmp_path: Path) -> Path:
    """A cache of its own, for collections of datasets, over the user's model and dictionary, which
    take long to make."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for shared in ("models", "dictionaries"):
        folder = load_settings().cache_dir / shared
        folder.mkdir(parents=True, exist_ok=True)
        (cache / shared).symlink_to(folder)
    return cache


@pytest.fixture
def cached(braid: Braid, real_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Braid:
    """A command line with that cache."""
    monkeypatch.setenv("BRAID_CACHE_DIR", str(real_cache))
    return braid


def write_folder(folder: Path, bearings: str = BEARINGS) -> Path:
    """Three documents that can be read."""
    (folder / "a").mkdir(parents=True, exist_ok=True)
    (folder / "a" / "warranty.md").write_text(MARKDOWN.format(bearings=bearings), encoding="utf-8")
    (folder / "pump.txt").write_bytes(GBK.encode("gbk"))
    (folder / "leave.html").write_text(HTML, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Braid:
    """A command line over a collection of three documents, not to be changed."""
    braid = Braid(tmp_path_factory.mktemp("filled") / "data")
    folder = write_folder(tmp_path_factory.mktemp("documents"))
    assert braid("ingest", folder).code == 0
    return braid
