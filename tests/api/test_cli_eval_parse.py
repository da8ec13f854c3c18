"""braid eval parse, on two files of known content and one that is torn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_fixtures import Braid

PUMP = "The centrifugal pump has to be filled before it is started, or its seals run dry."
LEAVE = "员工每年有二十五天带薪休假，未休的假期可以顺延到下一年三月。"
Blocks = list[tuple[str, str, list[str]]]


@pytest.fixture
def truths(tmp_path: Path) -> Path:
    folder = tmp_path / "known"
    folder.mkdir()
    (folder / "pump.md").write_text(f"# Manual\n\n## Start\n\n{PUMP}\n", encoding="utf-8")
    (folder / "leave.txt").write_text(f"{LEAVE}\n", encoding="utf-8")
    (folder / "torn.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    pump: Blocks = [("heading", "Start", []), ("paragraph", PUMP, ["Start"])]
    _truth(folder / "pump.md", "en", "Manual", pump)
    _truth(folder / "leave.txt", "zh", "", [("paragraph", LEAVE, [])])
    _truth(folder / "torn.pdf", "zh", "", [("paragraph", LEAVE, [])])
    return folder


def _truth(path: Path, language: str, title: str, blocks: Blocks) -> None:
    made = {
        "language": language,
        "title": title,
        "blocks": [{"kind": k, "text": text, "heading_path": p} for k, text, p in blocks],
        "furniture": [],
        "answers": [{"question": "?", "answer": text} for k, text, _ in blocks if k == "paragraph"],
    }
    path.with_name(f"{path.name}.truth.json").write_text(json.dumps(made), encoding="utf-8")


def test_parse_measures_what_was_read(cached: Braid, truths: Path, tmp_path: Path) -> None:
    page = tmp_path / "parse.html"
    said = cached("eval", "parse", truths, "--format", "md", "--format", "txt", "--report", page)
    assert said.code == 0
    assert "| recall | 1.000 | 1.000 | 1.000 |" in said.out
    assert "heading_path | 1.000" in said.out
    assert "recall" in page.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_read_counts_as_nothing(cached: Braid, truths: Path) -> None:
    said = cached("eval", "parse", truths, "--json")
    assert said.code == 3
    braid = said.json["readers"]["braid"]
    assert braid["failed"] == 1
    assert braid["documents"]["torn.pdf"]["failure"]
    assert braid["formats"]["pdf"]["measures"]["recall"]["value"] == 0
    assert braid["languages"]["en"]["measures"]["answers"]["value"] == 1
    assert said.json["settings"]["command"] == "braid eval parse known"
    shown = cached("eval", "parse", truths)
    assert "torn.pdf: failed: " in shown.out


def test_parse_refuses_a_folder_without_truths(cached: Braid, tmp_path: Path) -> None:
    assert "holds no file" in cached.refused("eval", "parse", tmp_path, code=2)
