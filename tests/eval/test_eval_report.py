"""The HTML report stands alone, escapes what it is given, and says what was measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise, product

import pytest
from report_studies import report_of, study_on, trends_of, without_details

from eval.components import WRITERS
from eval.contract import LegReport, Miss, Report, Study
from eval.pipeline import headline, render, study_of
from eval.reports.stylesheet import STYLESHEET
from ingest.contract import BadInput

VOID = {"meta", "br", "hr", "link", "img", "input", "wbr"}


class Checker(HTMLParser):
    """Collects tags, attributes and text, and sees that elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text.replace("<wbr>", ""))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, name: str) -> list[str]:
        """The values of an attribute."""
        return [value for _, key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def leg(name: str, values: Sequence[float]) -> LegReport:
    by_query = {f"q{number}": value for number, value in enumerate(values)}
    mean = sum(values) / len(values)
    return LegReport(
        name,
        {"nDCG@10": mean, "NumRet": sum(values) * 100},
        {"nDCG@10": by_query, "NumRet": {key: value * 100 for key, value in by_query.items()}},
        1.25,
        1234.5,
    )


REPORT = Report(
    dataset="样本 <one>",
    queries=40,
    documents=1234,
    legs={
        "sparse": leg("sparse", [0.2, 0.4] * 20),
        "default": leg("default", [0.9, 0.7] * 20),
    },
    settings={
        "command": "braid eval run ./样本 --report out.html",
        "model": "see https://example.org/model & <more>",
    },
)
MISSES = [
    Miss("default", "q7", "<script>alert('谁？')</script>", ["对的 (d1)"], ["错的 (d2)"], 4),
    Miss("default", "q8", "lost & found?", ["right (d3)"], [], None),
    Miss("sparse", "q9", "of another leg", ["x"], ["y"], None),
]


@pytest.fixture(scope="module")
def html() -> str:
    return render("html", study_of(REPORT, MISSES))


@pytest.fixture(scope="module")
def large() -> str:
    """All that there can be in a report."""
    study = study_on(("xquad-zh", "xquad-en", "cranfield"))
    return render("html", study, resamples=50, trends=trends_of())


def test_needs_nothing_from_outside(html: str, large: str) -> None:
    for page_text in (html, large):
        page = Checker(page_text)
        assert page.open == []
        assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
        outside = {"src", "srcset", "action", "data", "poster", "xlink:href", "background", "style"}
        assert [item for item in page.attributes if item[1] in outside] == []
        assert [item for item in page.attributes if item[1].startswith("on")] == []
        assert not re.search(
            r"url\(|@import|//[a-z]", "".join(re.findall(r"<style>.*?</style>", page_text, re.S))
        )
        assert ("meta", "charset", "utf-8") in page.attributes


def test_links_and_patterns_lead_somewhere(large: str) -> None:
    page = Checker(large)
    ids = page.of("id")
    assert len(ids) == len(set(ids))
    links = page.of("href")
    assert len(links) > 8
    patterns = [f"#{name}" for name in re.findall(r'fill="url\(#(\w+)\)"', large)]
    assert patterns
    assert {link.removeprefix("#") for link in (*links, *patterns)} <= set(ids)


def test_headings_are_in_order_and_figures_have_texts(large: str) -> None:
    page = Checker(large)
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    pictures = [item for item in page.attributes if item[:2] == ("svg", "role")]
    named = [item for item in page.attributes if item[:2] == ("svg", "aria-label")]
    assert len(pictures) == len(named) > 10
    assert all(len(value) > 10 for _, _, value in named)
    hidden = [item for item in page.attributes if item[:2] == ("svg", "aria-hidden")]
    assert page.tags.count("svg") == len(named) + len(hidden)


def test_escapes_what_it_is_given(html: str, large: str) -> None:
    assert "<script" not in html
    assert "&lt;script&gt;alert(" in html
    assert "样本 &lt;one&gt;" in html
    assert "see https://example.org/model & <more>" in Checker(html).text
    assert "&lt;质保&gt;" in large and "<质保>" not in large


def test_says_what_was_measured(html: str) -> None:
    text = Checker(html).text
    assert "40 queries over 1,234 documents; 2 systems" in text
    assert "default is best with nDCG@10 0.8000 over 40 queries, 0.5000 above sparse" in text
    assert "The difference is significant (p < 0.001; 95% interval [+0." in text
    assert "Significantly worse than default: sparse (-0.5000)" in text
    assert "sparse -0.5000 ▼" in text
    assert "0 / 0 / 40" in text
    assert "– 1.25 1,234" in text
    assert "braid eval run ./样本 --report out.html" in text


def test_marks_the_best_of_each_column(html: str) -> None:
    assert re.findall(r'<td class="best">([^<]*)</td>', html) == ["0.8000 ★", "3,200 ★"]


def test_shows_where_the_default_leg_did_worst(html: str) -> None:
    text = Checker(html).text
    assert "谁？" in text
    assert "at rank 4" in text
    assert "not found" in text
    assert "错的 (d2)" in text
    assert "of another leg" not in text
    one = Checker(render("html", study_of(REPORT, MISSES), worst=1)).text
    assert "lost & found?" not in one
    assert "1 of 2 are shown." in one


def test_bars_have_intervals_where_they_are_means(html: str) -> None:
    figures = [f for f in re.findall(r"<figure>.*?</figure>", html) if 'class="track"' in f]
    assert len(figures) == 2
    assert figures[0].count("whisker") == 2
    assert "whisker" not in figures[1]
    widths = [float(width) for width in re.findall(r'class="bar[^>]*width="([\d.]+)"', figures[0])]
    assert widths == pytest.approx([0.3 * 320, 0.8 * 320])
    ends = re.findall(r"M([\d.]+) [\d.]+H([\d.]+)", figures[0])
    for width, (low, high) in zip(widths, ends, strict=True):
        assert float(low) < width < float(high) <= 320


def test_same_report_same_bytes(html: str) -> None:
    assert render("html", study_of(REPORT, MISSES)) == html


def test_one_leg_without_latencies_or_misses() -> None:
    single = replace(leg("only", [0.5, 1.0]), p50_ms=0.0, p95_ms=0.0)
    text = Checker(render("html", study_of(Report("x", 2, 3, {"only": single})))).text
    assert "only has nDCG@10 0.7500 over 2 queries." in text
    for absent in ("Against", "Latency", "did worst", "Costs", "Slices", "History"):
        assert absent not in text


def test_a_study_says_what_is_best_over_its_datasets(large: str) -> None:
    text = Checker(large).text
    assert "3 datasets, 72 queries; 3 systems" in text
    assert "丙 is best with nDCG@10 0." in text and "on average over 3 datasets" in text
    assert "丙 is best on all 3 datasets." in text
    assert "Significantly better than 甲: 丙 (+0." in text
    assert "Few queries, so intervals are wide: xquad-zh (24), xquad-en (24)" in text
    assert "甲 is the fastest with " in text
    for heading in (
        "Quality against latency", "Growth with the size of the collection", "Costs", "History",
        "Which stage lost the answer", "Dataset cranfield", "Where 丙 wins over 甲", "Answers",
        "Where 丙 did worst", "How to have this again",
    ):  # fmt: skip
        assert heading in text, heading
    assert "language: Chinese" in text and "searches/s, 4 threads" in text
    assert "retrieval.k 0 1 2" in text, "what differs between systems, side by side"
    assert "2026-01-03 08:00 0.8000 [0.7000, 0.9000] 24 retrieval.k: 10 → 20" in text


def test_wins_and_losses_have_both_result_lists(large: str) -> None:
    cases = [part for part in large.split('<section class="miss">') if ">丙-0 |" in part]
    both = [part for part in cases if ">甲-0 |" in part]
    assert both
    for case in both:
        shown = Checker(case.split("</section>")[0]).text
        change = float(re.findall(r"nDCG@10: ([-+][\d.]+)", shown)[0])
        left, right = (
            float(re.findall(rf"{name} \(([\d.]+)\)", shown)[0]) for name in ("甲", "丙")
        )
        assert change == pytest.approx(right - left) and change != 0


def test_a_dataset_that_lacks_a_system_or_a_measure_is_told() -> None:
    first, second = report_of("a", ("x", "y", "z")), report_of("b", ("x", "y"))
    text = Checker(render("html", Study("s", (first, second), "x"), resamples=50)).text
    assert "Not measured on all datasets: b (z)." in text
    assert "y is best" in text or "x is best" in text
    third = report_of("c", ("x", "y"), measures=("Success@3",))
    text = Checker(render("html", Study("s", (second, third), "x"), resamples=50)).text
    assert "The datasets have no measure in common" in text
    apart = Study("s", (report_of("a", ("x",)), report_of("b", ("y",))))
    assert (
        "No system was measured on every dataset"
        in Checker(render("html", apart, resamples=50)).text
    )


def test_old_report_files_make_reports() -> None:
    old = without_details(report_of("old", ("sparse", "default")))
    text = Checker(render("html", study_of(old), resamples=50)).text
    assert "Latency" in text and "Where default" not in text


def test_the_largest_study_stays_small_and_says_what_it_cuts() -> None:
    fusions = ("rrf", "convex", "default", "sparse")
    systems = [f"chunker.tokens={size},fusion={name}" for size, name in product((2, 5), fusions)]
    reports = []
    for number in range(10):
        report = report_of(f"dataset-{number}", systems, queries=12)
        ids = list(report.texts)
        long = {
            name: replace(one, found={query: ["结果" * 200] * 20 for query in ids})
            for name, one in report.legs.items()
        }
        slices = {f"domain: {at}": ids[:9] for at in range(60)}
        texts = dict.fromkeys(ids, "问" * 3000)
        reports.append(replace(report, legs=long, slices=slices, texts=texts))
    text = render("html", Study("largest", reports, systems[0]), resamples=20)
    assert len(text.encode()) < 2_000_000
    assert "40 of 60 slices are shown." in text
    assert re.search(r"[25] of \d+ are shown\.", text)


def luminance(colour: str) -> float:
    """Relative luminance of a colour, as WCAG 2.1 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    lit = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * lit[0] + 0.7152 * lit[1] + 0.0722 * lit[2]


def contrast(one: str, other: str) -> float:
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_texts_and_charts_stand_out_in_light_in_dark_and_on_paper() -> None:
    blocks = re.findall(r":root \{([^}]*)\}", STYLESHEET)
    assert len(blocks) == 3
    for block in blocks:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for ground in ("ground", "raised"):
            for text in ("ink", "soft", "link"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        assert contrast(colours["best"], colours["best-ground"]) >= 4.5
        marks = ["bar", "top", "mark", *(f"c{n}" for n in range(8)), *(f"s{n}" for n in range(7))]
        for mark in marks:
            assert contrast(colours[mark], colours["ground"]) >= 3, mark


def test_writers_by_name() -> None:
    for name in WRITERS:
        assert render(name, study_of(REPORT, MISSES)).endswith("\n")
    with pytest.raises(BadInput, match="no component named 'pdf'; choose one of: csv, csv-"):
        render("pdf", study_of(REPORT, MISSES))
    with pytest.raises(
        BadInput, match="'html' has no option 'best'; options: analysis, duels, language"
    ):
        render("html", study_of(REPORT, MISSES), best=3)
    with pytest.raises(BadInput, match="no report is written in 'fr'"):
        render("html", study_of(REPORT, MISSES), language="fr")


def test_headlines() -> None:
    assert headline(REPORT).startswith("default is best with nDCG@10 0.8000 over 40 queries")
    level = {name: replace(REPORT.legs["sparse"], leg=name) for name in ("a", "b", "c")}
    said = headline(replace(REPORT, legs=level))
    assert said == "a, b and c are level with nDCG@10 0.3000 over 40 queries."
    lucky = {
        "a": leg("a", [0.5, 0.25]),
        "b": leg("b", [0.3, 0.4]),
    }
    assert "not significant (p = " in headline(replace(REPORT, legs=lucky))


def test_what_was_not_traced_came_through() -> None:
    report = report_of("d", ("x", "default"))
    own = report.legs["default"]
    lost = {name: trace for name, trace in own.traces.items() if trace.lost is not None}
    traced = replace(report, legs={**report.legs, "default": replace(own, traces=lost)})
    pages = [Checker(render("html", study_of(r), resamples=50)).text for r in (report, traced)]
    said = [re.findall(r"default did not find (\d+) of (\d+) answers", page) for page in pages]
    assert said[0] == said[1] == [(str(len(lost)), "24")]
    assert f"default {24 - len(lost)} ({100 * (24 - len(lost)) / 24:.1f}%)" in pages[1]


def test_what_was_measured_nowhere_is_said_first() -> None:
    study = study_on(("set",))
    told = {"not measured: far": "failed: nobody answers", "noise of latencies": "it was loud"}
    report = replace(study.reports[0], settings={**study.reports[0].settings, **told})
    text = render("markdown", replace(study, reports=(report,)), resamples=50)
    assert "Not measured at all: far. Settings say why." in text
    assert "one at a time. It was loud." in text
    assert "failed: nobody answers" in text
    assert "Not measured at all" not in render("markdown", study, resamples=50)
