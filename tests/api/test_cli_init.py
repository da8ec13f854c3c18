"""`braid init`: a settings file that knows every setting, and of which every line can be used."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cli_fixtures import Braid
from pydantic import BaseModel

from api.settings import Settings, load_settings
from api.settings_file import FIRST, settings_file


def _lines() -> list[str]:
    return [line.removeprefix("# ") for line in settings_file().splitlines() if line[:2] == "# "]


def _names(model: type[BaseModel], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= _names(kind, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def test_every_setting_stands_in_it_once() -> None:
    named = [line.partition(" = ")[0] for line in _lines()]
    assert sorted(named) == sorted(_names(Settings))
    assert named[: len(FIRST)] == list(FIRST)


def test_as_it_is_it_sets_nothing() -> None:
    assert tomllib.loads(settings_file()) == {}


@pytest.mark.parametrize("line", _lines(), ids=lambda line: line.partition(" = ")[0])
def test_any_line_can_be_taken_in(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "braid.toml"
    file.write_text(settings_file().replace(f"\n# {line}\n", f"\n{line}\n"), encoding="utf-8")
    assert tomllib.loads(file.read_text(encoding="utf-8")) != {}
    monkeypatch.setenv("BRAID_CONFIG", str(file))
    load_settings()


def test_all_lines_together_are_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "braid.toml"
    unset = {"embedder.", "chunker.", "ingest.workers", "rerank.cross_encoder", "ocr.dictionary"}
    kept = [line for line in _lines() if not line.startswith(tuple(unset))]
    file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    monkeypatch.setenv("BRAID_CONFIG", str(file))
    assert load_settings() == Settings()


def test_it_is_written_once(cached: Braid, tmp_path: Path) -> None:
    said = cached("init", str(tmp_path))
    assert said.code == 0
    file = tmp_path / "braid.toml"
    assert file.read_text(encoding="utf-8") == settings_file()
    file.write_text("# mine\n", encoding="utf-8")
    refused = cached("init", str(tmp_path))
    assert refused.code == 1
    assert "--force" in refused.err
    assert file.read_text(encoding="utf-8") == "# mine\n"
    assert cached("init", "--force", str(tmp_path)).code == 0
    assert file.read_text(encoding="utf-8") == settings_file()
