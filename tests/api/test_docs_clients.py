"""docs/clients.md: every snippet runs against a server, and shows what it promises."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rest_server import running

from api.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
KEY = "a-key-for-the-snippets"
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```(bash|python|javascript)\n(.*?)```", PAGE, re.DOTALL)
PROGRAMS = {"bash": ("bash", "-e"), "python": (sys.executable,), "javascript": ("node",)}
SUFFIXES = {"bash": ".sh", "python": ".py", "javascript": ".mjs"}
SHOWN = {
    0: '"manuals"',
    1: "24 months",
    2: "event: answer",
    3: "once a year",
    4: "checked: ",
    5: "24 months",
    6: "manual.txt",
    7: "checked: ",
}
"""What a snippet prints, by its place."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = {"data_dir": tmp_path_factory.mktemp("clients"), "server": {"api_key": KEY}}
    with running(Settings.model_validate(given)) as client:
        yield str(client.base_url).rstrip("/")


def test_every_snippet_runs(address: str, tmp_path: Path) -> None:
    """In order: the first makes what the others ask."""
    if shutil.which("curl") is None:
        pytest.skip("curl, which the first snippets use, is not installed")
    assert len(SNIPPETS) == len(SHOWN)
    environment = os.environ | {"BRAID_URL": address, "BRAID_KEY": KEY}
    for place, (language, code) in enumerate(SNIPPETS):
        if shutil.which(PROGRAMS[language][0]) is None:
            continue  # no Node on this machine
        file = tmp_path / f"snippet{place}{SUFFIXES[language]}"
        file.write_text(code, encoding="utf-8")
        said = subprocess.run(
            [*PROGRAMS[language], str(file)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=300,
            check=False,
        )
        assert said.returncode == 0, f"{language} {place}\n{said.stdout}{said.stderr}"
        assert SHOWN[place] in said.stdout, f"{language} {place}\n{said.stdout}"
