"""What the documentation says holds: reference pages, links, commands and routes."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from cli_fixtures import Braid

from api.reference import command_page, settings_page

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
KEPT_PDF = "av-200-datasheet.pdf"
ADVICE = "run `python -m api.reference docs`"


@pytest.mark.parametrize(
    ("name", "made"), [("settings.md", settings_page), ("cli.md", command_page)]
)
def test_reference_pages_are_as_the_code_makes_them(name: str, made: object) -> None:
    assert callable(made)
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == made(), ADVICE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:|#", target)]
    missing = [t for t in local if not (page.parent / t.split("#")[0]).exists()]
    assert missing == []


def _commands(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def test_every_command_of_the_readme_runs(cached: Braid, tmp_path: Path) -> None:
    commands = _commands(ROOT / "README.md")
    assert any(command.startswith("braid ingest") for command in commands)
    # Every page of a PDF takes a second, and every PDF is read twice here: one has to do.
    others = [p.name for p in (ROOT / "examples" / "corpus").glob("*.pdf") if p.name != KEPT_PDF]
    assert len(others) >= 4
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=lambda _folder, _names: others)
    questions = tmp_path / "examples" / "questions.jsonl"  # a fifth of them does, too
    lines = questions.read_text(encoding="utf-8").splitlines(keepends=True)
    questions.write_text("".join(lines[::5]), encoding="utf-8")
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "braid", command
        said = cached(*arguments)
        assert said.code == 0, f"{command}\n{said.out}{said.err}"
        assert said.out.strip(), command


def test_the_routes_of_the_rest_page_exist() -> None:
    from api.rest.app import create_app
    from api.settings import Settings

    paths = create_app(Settings()).openapi()["paths"]
    routes = [re.compile(re.sub(r"\{[^}]*\}", "[^?]+", path)) for path in paths]
    text = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:localhost|127\.0\.0\.1|HOST):\d+(/(?:v1|health)[^\s'\"`?]*)", text))
    assert len(named) >= 8
    assert [path for path in sorted(named) if not any(r.fullmatch(path) for r in routes)] == []
