"""A report in a real browser: no request leaves it, it fits a phone, and its print is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from report_studies import study_on, trends_of

from eval.pipeline import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SYSTEMS = ("chunker.tokens=256,fusion=rrf", "chunker.tokens=512,fusion=convex", "默认")
_A4_POINTS = (595, 842)


def written(folder: Path, language: str, *datasets: str) -> Path:
    """The report of a study in a language."""
    study = study_on(datasets, SYSTEMS, SYSTEMS[0])
    path = folder / "report.html"
    text = render("html", study, language=language, resamples=50, trends=trends_of(SYSTEMS))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["en", "zh"])
def report_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return written(folder, str(request.param), "xquad-zh", "cranfield")


@pytest.fixture(params=[1280, 390])
def opened(
    request: pytest.FixtureRequest, browser: Browser, report_file: Path
) -> Iterator[tuple[Page, list[str]]]:
    """The report, 1280 or 390 pixels wide, with what it asked for."""
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    asked: list[str] = []
    context.on("request", lambda one: asked.append(one.url))
    page = context.new_page()
    page.goto(report_file.as_uri())
    yield page, asked
    context.close()


def test_it_opens_by_itself_and_fits(opened: tuple[Page, list[str]], report_file: Path) -> None:
    page, asked = opened
    assert asked == [report_file.as_uri()]
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("p, li, h1, h2, h3, figure, dd, dt, pre, .scroll")]
            .filter((one) => one.getBoundingClientRect().right > innerWidth)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert beyond == []
    texts = page.evaluate(
        """() => [...document.querySelectorAll("svg[role=img]")].flatMap((picture) => {
            const box = picture.getBoundingClientRect();
            return [...picture.querySelectorAll("text")].filter((text) => {
              const own = text.getBoundingClientRect();
              return own.left < box.left - 1 || own.right > box.right + 1;
            }).map((text) => text.textContent);
        })"""
    )
    assert texts == [], "texts of charts lie within them"


def test_its_contents_lead_to_its_sections(opened: tuple[Page, list[str]]) -> None:
    page, asked = opened
    before = len(asked)
    page.locator(".contents a").last.click()
    last = page.locator("h2").last
    box = last.bounding_box()
    assert box is not None and -1 < box["y"] < 800
    assert [url.split("#")[0] for url in asked[before:]] in ([], [asked[0]])


def test_its_print_has_whole_tables(browser: Browser, tmp_path: Path) -> None:
    import pymupdf

    page = browser.new_page()
    page.goto(written(tmp_path, "zh", "cranfield").as_uri())
    page.pdf(path=str(tmp_path / "report.pdf"), prefer_css_page_size=True)
    heads = page.evaluate(
        """() => [...document.querySelectorAll("thead tr")]
            .map((row) => row.lastElementChild.textContent)"""
    )
    page.close()
    document: Any = pymupdf.open(tmp_path / "report.pdf")  # type: ignore[no-untyped-call]
    text = ""
    for sheet in document:
        assert (round(sheet.rect.width), round(sheet.rect.height)) == _A4_POINTS
        words = sheet.get_text("words")
        assert all(word[0] > 0 and word[2] < sheet.rect.width for word in words)
        text += "".join("".join(word[4] for word in words).split())
    for head in heads:
        assert "".join(head.split()) in text, f"the last column ({head}) is on paper"
