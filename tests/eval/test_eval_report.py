"""The HTML report stands alone, escapes what it is given, and says what was measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from eval.components import WRITERS
from eval.contract import LegReport, Miss, Report
from eval.pipeline import render, study_of
from ingest.contract import BadInput

VOID = {"meta", "br", "hr", "link", "img", "input"}


class Checker(HTMLParser):
    """Collects tags, attributes and text, and sees that elements are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
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


def test_needs_nothing_from_outside(html: str) -> None:
    page = Checker(html)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(page.tags)
    outside = {"src", "href", "srcset", "action", "data", "poster", "xlink:href", "background"}
    assert [item for item in page.attributes if item[1] in outside] == []
    assert [item for item in page.attributes if item[1].startswith("on")] == []
    assert not re.search(
        r"url\(|@import|//[a-z]", "".join(re.findall(r"<style>.*?</style>", html, re.S))
    )
    assert ("meta", "charset", "utf-8") in page.attributes


def test_escapes_what_it_is_given(html: str) -> None:
    assert "<script" not in html
    assert "&lt;script&gt;alert(" in html
    assert "样本 &lt;one&gt;" in html
    assert "see https://example.org/model & <more>" in Checker(html).text


def test_says_what_was_measured(html: str) -> None:
    text = Checker(html).text
    assert "40 queries over 1,234 documents" in text
    assert "default is best with nDCG@10 0.8000, 0.5000 above sparse, the next" in text
    assert "that is significant (p < 0.001)" in text
    assert "sparse +0.5000" in text
    assert "40 / 0 / 0" in text
    assert "1.25 1,234.50" in text
    assert "braid eval run ./样本 --report out.html" in text


def test_marks_the_best_of_each_column(html: str) -> None:
    assert re.findall(r'<td class="best">([^<]*)</td>', html) == ["0.8000", "3,200"]


def test_shows_where_the_default_leg_did_worst(html: str) -> None:
    text = Checker(html).text
    assert "谁？" in text
    assert "at rank 4" in text
    assert "not found" in text
    assert "错的 (d2)" in text
    assert "of another leg" not in text
    one = Checker(render("html", study_of(REPORT, MISSES), worst=1)).text
    assert "lost & found?" not in one


def test_bars_have_intervals_where_they_are_means(html: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", html)
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
    for absent in ("against the others", "Latency", "did worst"):
        assert absent not in text


def test_writers_by_name() -> None:
    for name in WRITERS:
        assert render(name, study_of(REPORT, MISSES)).endswith("\n")
    with pytest.raises(BadInput, match="no component named 'pdf'; choose one of: html, json"):
        render("pdf", study_of(REPORT, MISSES))
    with pytest.raises(BadInput, match="'html' has no option 'best'; options: resamples, worst"):
        render("html", study_of(REPORT, MISSES), best=3)
