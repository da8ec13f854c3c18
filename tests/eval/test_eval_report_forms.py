"""Reports as Markdown and CSV hold what the page holds; several evaluations join to one study."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from report_studies import report_of, study_on, trends_of

from eval.contract import Study
from eval.pipeline import form_of, joined, render, study_of
from eval.reports.markdown import MarkdownWriter, _plain
from eval.significance import bootstrap_interval
from ingest.contract import BadInput

STUDY = study_on(("xquad-zh", "cranfield"))


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a Markdown text, as rows of plain cells."""
    found: list[list[list[str]]] = []
    kinds = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        kinds.append(token.type)
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and kinds[-2] in ("th_open", "td_open"):
            found[-1][-1].append("".join(part.content for part in token.children or ()))
    return found


def test_markdown_has_the_tables_of_the_page() -> None:
    text = render("markdown", STUDY, resamples=50, trends=trends_of())
    assert text.startswith("# Evaluation: 研究\n\n2 datasets, 48 queries; 3 systems\n")
    assert "<svg" not in text and "Bars are means" not in text
    found = tables(text)
    assert len(found) > 12
    assert all(len({len(row) for row in table}) == 1 for table in found)
    first = found[0]
    assert first[0] == ["system", "xquad-zh", "cranfield", "mean"]
    means = [STUDY.reports[0].legs[system].measures["nDCG@10"] for system in ("甲", "乙", "丙")]
    assert [row[1].split()[0] for row in first[1:]] == [f"{mean:.4f}" for mean in means]


def test_markdown_shows_what_it_is_given_as_it_is() -> None:
    odd = "a|b *c* <d> `e` [f](g) _h_ $i$ &amp; ~~j~~"
    report = report_of("x", (odd, "1. y"))
    report = replace(report, texts=dict.fromkeys(report.texts, f"# {odd}"))
    text = MarkdownWriter(resamples=50)(study_of(report))
    rows = [row for table in tables(text) for row in table]
    assert [row[0] for row in rows].count(odd) >= 4
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert "<em>" not in rendered and "<code>e" not in rendered and "<a " not in rendered
    assert "<h1>" in rendered and rendered.count("<h1>") == 1


@pytest.mark.parametrize("line", ["1. y", "12) y", "7.", "# y", "- y", "+", "---", "==", "1.5 y"])
def test_markdown_makes_no_list_of_a_line_that_begins_like_one(line: str) -> None:
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(f"- {_plain(line)}\n- z\n")
    assert rendered == f"<ul>\n<li>{line}</li>\n<li>z</li>\n</ul>\n"


def test_csv_has_a_row_for_each_measure() -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", STUDY, resamples=50))))
    quality = [row for row in rows if row["kind"] == "quality"]
    legs = {(r.dataset, name): leg for r in STUDY.reports for name, leg in r.legs.items()}
    assert len(quality) == sum(len(leg.measures) for leg in legs.values())
    for row in quality:
        leg = legs[row["dataset"], row["system"]]
        assert float(row["value"]) == leg.measures[row["measure"]]
        values = list(leg.per_query[row["measure"]].values())
        assert (float(row["low"]), float(row["high"])) == bootstrap_interval(values, 50)
        assert int(row["queries"]) == len(values)
    names = {(row["kind"], row["measure"]) for row in rows}
    assert {("latency", "p95_ms"), ("cost", "index_s")} <= names


def test_csv_of_queries_has_a_row_for_each_query_and_system() -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv-queries", STUDY))))
    assert len(rows) == 2 * 24 * 3
    by_key = {(row["dataset"], row["query_id"], row["system"]): row for row in rows}
    for report, (system, leg) in product(STUDY.reports, STUDY.reports[0].legs.items()):
        leg = report.legs[system]
        for query, value in leg.per_query["F1"].items():
            row = by_key[report.dataset, query, system]
            assert float(row["F1"]) == value
            assert row["query"] == report.texts[query]
            lost = leg.traces[query].lost
            assert row["lost"] == (lost.value if lost else "")


def test_forms_by_ending() -> None:
    names = {
        "a.html": "html", "b.HTM": "html", "c.md": "markdown", "d.json": "json", "e.csv": "csv",
        "f.queries.csv": "csv-queries",
    }  # fmt: skip
    assert {name: form_of(Path(name)) for name in names} == names
    with pytest.raises(BadInput, match=r"out\.pdf has no form of a report: .*\.html"):
        form_of(Path("out.pdf"))


def test_evaluations_join_to_one_study() -> None:
    one, two = report_of("d", ("x", "y")), report_of("d", ("x", "z"))
    two = replace(two, settings={**two.settings, "embedder": "other"})
    other = report_of("e", ("x", "y", "z"))
    whole = joined({"before": study_of(one), "after": study_of(two), "more": study_of(other)})
    assert [report.dataset for report in whole.reports] == ["d", "e"]
    assert list(whole.reports[0].legs) == ["x (before)", "y", "x (after)", "z"]
    assert whole.reports[0].legs["x (after)"].per_query == two.legs["x"].per_query
    settings = whole.reports[0].settings
    assert settings["y: embedder"] == "e5" and settings["x (after): embedder"] == "other"
    assert settings["version of braid"] == "0.1.0"
    assert joined({"a": study_of(one)}, "named", "y") == Study("named", (one,), "y", {"d": []})
    with pytest.raises(BadInput, match="there is no system 'w'; there are: x, y"):
        joined({"a": study_of(one)}, baseline="w")
    fewer = report_of("d", ("v",), queries=5)
    with pytest.raises(BadInput, match="24 queries in a and 5 in b"):
        joined({"a": study_of(one), "b": study_of(fewer)})
