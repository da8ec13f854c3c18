"""braid eval report: reports of what was measured before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_fixtures import Braid
from report_studies import report_of

from eval.contract import Run, System
from eval.pipeline import read_study, report_json, run_json


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A report, and a stored run of another system on the same dataset."""
    before, run = tmp_path / "before.json", tmp_path / "run.json"
    before.write_text(json.dumps(report_json(report_of("d", ("rrf", "default")))), "utf-8")
    one = report_of("d", ("convex",))
    one = replace(one, settings={**one.settings, "embedder": "other"})
    stored = Run("f00d", "try", System("convex"), "2026-01-02T03:04:05Z", one)
    run.write_text(json.dumps(run_json(stored)), "utf-8")
    return [before, run]


def test_files_become_one_report_in_every_form(
    braid: Braid, files: list[Path], tmp_path: Path
) -> None:
    names = ("out.html", "out.md", "out.json", "out.csv", "out.queries.csv")
    flags = [part for name in names for part in ("--report", tmp_path / name)]
    said = braid("eval", "report", *files, *flags, "--baseline", "rrf", "--name", "both")
    assert said.code == 0, said.err
    assert "is best with nDCG@10" in said.out
    study = read_study(tmp_path / "out.json")
    assert (study.name, study.baseline) == ("both", "rrf")
    assert list(study.reports[0].legs) == ["rrf", "default", "convex"]
    assert study.reports[0].settings["convex: embedder"] == "other"
    page = (tmp_path / "out.html").read_text("utf-8")
    assert "<title>Evaluation: both</title>" in page and "convex" in page
    assert (tmp_path / "out.md").read_text("utf-8").startswith("# Evaluation: both\n")
    assert len((tmp_path / "out.queries.csv").read_text("utf-8").splitlines()) == 1 + 24 * 3
    again = braid("eval", "report", tmp_path / "out.json", "--language", "zh")
    assert "最好：nDCG@10" in again.out
    assert braid("eval", "report", tmp_path / "out.json", "--json").json["study"] == "both"


def test_the_language_that_is_set_holds(
    braid: Braid, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAID_EVALUATION__LANGUAGE", "zh")
    page = tmp_path / "out.html"
    assert braid("eval", "report", files[0], "--report", page).code == 0
    assert '<html lang="zh-CN">' in page.read_text("utf-8")


def test_what_cannot_be_written_or_read_is_said(
    braid: Braid, files: list[Path], tmp_path: Path
) -> None:
    line = braid.refused("eval", "report", files[0], "--report", tmp_path / "a.pdf", code=2)
    assert "a.pdf has no form of a report" in line
    line = braid.refused("eval", "report", files[0], "--language", "fr", code=2)
    assert "choose one of en, zh" in line
    line = braid.refused("eval", "report", files[0], "--baseline", "x", code=2)
    assert "there is no system 'x'; there are: rrf, default" in line
    (tmp_path / "empty.json").write_text("{}", "utf-8")
    assert "empty.json" in braid.refused("eval", "report", tmp_path / "empty.json", code=2)
    absent = tmp_path / "absent" / "a.html"
    assert "make it" in braid.refused("eval", "report", files[0], "--report", absent, code=1)
