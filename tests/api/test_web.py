"""The web page in a real browser, against a real server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from web_fixtures import COLLECTION, GUIDE, TABLE, Visit, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page

QUESTION = "How long is the warranty of the Heron pump?"
VIEWS = (
    "/",
    "/#/status",
    "/docs",
    *(f"/#/c/{quote(COLLECTION)}/{view}" for view in ("ask", "documents", "graph", "evaluation")),
    f"/#/c/{quote(COLLECTION)}/search?q=warranty",
)
_PAGE_BYTES = 300_000


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".turn:last-child .tools")


def test_files_are_handed_in_and_what_cannot_be_read_is_said(desk: Visit, guide: bytes) -> None:
    page = desk.go("/")
    page.get_by_role("button", name="New collection").click()
    page.get_by_label("Name").fill("browser-made")
    page.get_by_role("button", name="Create").click()
    page.wait_for_selector(".drop")
    files: list[FilePayload] = [
        {"name": "guide.pdf", "mimeType": "application/pdf", "buffer": guide},
        {"name": "torn.pdf", "mimeType": "application/pdf", "buffer": guide[:400]},
    ]
    page.locator(".pick-files").set_input_files(files)
    job = page.locator(".job")
    job.get_by_text("1 added · 1 failed").wait_for()
    job.get_by_text("torn.pdf").wait_for()
    page.locator('.row[data-id="guide.pdf"] .chip.ok').wait_for()
    page.get_by_role("link", name="Show why").click()
    failed = page.locator('.row[data-id="torn.pdf"]')
    failed.wait_for()
    assert "Could not be" in failed.inner_text()
    assert page.locator(".row").count() == 1

    page.goto(desk.base + "/")
    page.get_by_role("button", name="Delete browser-made").click()
    delete = page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True)
    assert delete.is_disabled(), "its name was not typed yet"
    page.get_by_role("dialog").get_by_role("textbox").fill("browser-made")
    delete.click()
    page.get_by_role("link", name="browser-made").wait_for(state="detached")
    assert not desk.seen.errors


def test_a_search_marks_its_words_and_says_why(desk: Visit) -> None:
    page = desk.view("search")
    page.get_by_role("searchbox").fill("warranty of the pump")
    page.keyboard.press("Enter")
    first = page.locator(".hit").first
    first.wait_for()
    assert "warranty" in [mark.lower() for mark in first.locator("mark").all_inner_texts()]
    assert "page 1" in first.inner_text()
    first.locator(".why summary").click()
    assert first.locator(".bars tr").count() >= 2
    page.locator(".explanation summary").click()
    assert "ms" in page.locator(".explained").inner_text()


def test_a_filter_leaves_what_fits(desk: Visit) -> None:
    page = desk.view("search?q=pump")
    page.locator(".hit").first.wait_for()
    page.locator(".options > summary").click()
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Field").fill("document_id")
    page.get_by_label("Value", exact=True).fill(GUIDE)
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**filter=**")
    page.locator(".hit").first.wait_for()
    assert "filter" in page.url
    titles = set(page.locator(".hit .link.strong").all_inner_texts())
    assert len(titles) == 1 and not titles & {"苍鹭泵", TABLE}, titles


def test_a_citation_opens_its_page_with_the_passage_marked(desk: Visit) -> None:
    page = desk.view("ask")
    ask(page, QUESTION)
    assert "30 months" in page.locator(".answer").inner_text()
    page.locator("button.cite").first.click()
    image = page.get_by_role("dialog").locator("img.page")
    image.wait_for()
    assert image.evaluate("image => image.complete && image.naturalWidth") > 300
    assert "passage marked" in str(image.get_attribute("alt"))
    address = next(one for one in desk.seen.requests if "/chunks/" in one and "/pages/" in one)
    marked = httpx.get(address).content
    assert httpx.get(f"{address}&highlight=false").content != marked
    page.locator(".own mark").first.wait_for()
    assert "30 months" in page.locator(".own").inner_text()
    page.get_by_role("button", name="Next page").click()
    page.get_by_text("Page 2 of 3").wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert not desk.seen.errors


def test_a_passage_without_a_page_is_shown_with_its_neighbours(desk: Visit) -> None:
    page = desk.view("ask")
    ask(page, "苍鹭泵的额定流量是多少？")
    page.locator("button.cite").first.click()
    page.locator(".own mark").first.wait_for()
    assert "60 立方米" in page.locator(".own").inner_text()
    assert page.get_by_role("dialog").locator("img").count() == 0


def test_a_conversation_goes_on_and_is_begun_anew(desk: Visit) -> None:
    page = desk.view("ask")
    ask(page, QUESTION)
    ask(page, "And its weight?")
    bodies = page.locator(".question").all_inner_texts()
    assert bodies == [QUESTION, "And its weight?"]
    page.get_by_role("button", name="Good answer").last.click()
    page.locator('.tools [aria-pressed="true"]').wait_for()
    assert not desk.seen.errors
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("link", name="Ask").click()
    assert page.locator(".question").count() == 2, "what was said is there still"
    page.get_by_role("button", name="New conversation").click()
    assert page.locator(".question").count() == 0


def test_language_and_theme_are_switched_and_kept(desk: Visit) -> None:
    page = desk.go("/#/status")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.locator("h1").inner_text() == "Status"
    light = page.evaluate(ground)
    page.locator(".to-language").click()
    assert page.locator("h1").inner_text() == "状态"
    page.locator(".to-theme").click()
    page.locator(".to-theme").click()
    assert page.evaluate(ground) != light
    page.reload()
    assert page.locator("h1").inner_text() == "状态"
    assert page.get_attribute("html", "lang") == "zh-CN"
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate(ground) != light


def test_a_chinese_and_dark_browser_is_met_so(browser: Browser, web_client: httpx.Client) -> None:
    context = browser.new_context(locale="zh-CN", color_scheme="dark")
    page = visit(context, str(web_client.base_url)).go("/")
    assert page.locator("h1").inner_text() == "知识库"
    channels = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)")
    assert all(int(channel) < 60 for channel in channels)
    context.close()


def test_problems_are_told_with_what_to_do(desk: Visit) -> None:
    page = desk.go("/#/c/nowhere/documents")
    box = page.locator(".documents .problem")
    box.wait_for()
    assert "nowhere" in box.inner_text()
    page.route("**/search", lambda route: route.abort())
    page = desk.view("search?q=pump")
    box = page.get_by_role("alert").filter(has_text="cannot be reached")
    box.wait_for()
    page.unroute("**/search")
    box.get_by_role("button", name="Try again").click()
    page.locator(".hit").first.wait_for()


def test_everything_is_reached_by_keyboard(desk: Visit) -> None:
    page = desk.view("documents")
    page.locator(".row").first.wait_for()
    focused = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.innerText") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.id") == "main"
    page.keyboard.press("/")
    page.wait_for_url("**/search")
    page.keyboard.type("warranty")
    page.keyboard.press("Enter")
    page.locator(".hit").first.wait_for()
    page.locator(".hit .link").first.focus()
    title = page.evaluate(f"{focused}.innerText")
    page.keyboard.press("Enter")
    page.locator(".dialog .page-turn").wait_for()
    for _ in range(12):  # more than there is in it
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused} === document.body || !!{focused}.closest('dialog')")
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused}.innerText") == title


@pytest.mark.parametrize("width", [1280, 390])
def test_every_view_fits_and_asks_no_other_host(
    browser: Browser, web_client: httpx.Client, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="en-US")
    desk = visit(context, str(web_client.base_url))
    sizes: dict[str, int] = {}

    def measured(response: Any) -> None:
        if urlsplit(response.url).path.startswith(("/static/", "/docs")):
            sizes[response.url] = len(response.body())

    desk.page.on("response", measured)
    for address in VIEWS:
        page = desk.go(address)
        page.locator("h1").wait_for()
        page.locator(".waiting").first.wait_for(state="detached")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{address} is {over} pixels too wide"
        assert page.locator(".problem").count() == 0, address
    assert not desk.seen.errors
    hosts = {urlsplit(url).netloc for url in desk.seen.requests if urlsplit(url).scheme != "blob"}
    assert hosts - {""} == {urlsplit(desk.base).netloc}
    assert 0 < sum(sizes.values()) <= _PAGE_BYTES
    context.close()


def test_the_reference_has_every_route_and_tries_it(desk: Visit, web_client: httpx.Client) -> None:
    paths = web_client.get("/openapi.json").json()["paths"]
    every = sum(
        len(set(item) & {"get", "post", "put", "patch", "delete"}) for item in paths.values()
    )
    page = desk.go("/docs")
    page.locator(".route").first.wait_for()
    assert page.locator(".route").count() == every
    page.get_by_role("searchbox").fill("list the collections")
    page.locator(".route > summary").first.click()
    page.locator(".try > summary").click()
    page.get_by_role("button", name="Send").click()
    page.locator(".result pre").wait_for()
    assert COLLECTION in page.locator(".result pre").inner_text()
    assert not desk.seen.errors


def test_the_graph_is_walked_and_its_sentences_lead_to_their_page(desk: Visit) -> None:
    page = desk.view("graph")
    page.locator(".entity").first.wait_for()
    name = page.locator(".entity strong").first.inner_text()
    page.get_by_role("searchbox").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**?q=**")
    page.locator(".entity").first.click()
    page.locator(".drawing").wait_for()
    assert page.locator(".drawing .node").count() >= 1  # playwright looks into open shadows
    assert not desk.seen.errors


def test_the_last_document_goes_by_a_click(
    desk: Visit, web_client: httpx.Client, tmp_path: Path
) -> None:
    web_client.post("/v1/collections", json={"name": "to-empty"}).raise_for_status()
    page = desk.go("/#/c/to-empty/documents")
    page.get_by_role("button", name="Add text").click()
    page.get_by_placeholder("notes/1").fill("notes/one")
    page.get_by_role("dialog").locator("textarea").fill("Bearings are greased yearly.")
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    row = page.locator('.row[data-id="notes/one"]')
    row.wait_for()
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    row.wait_for(state="detached")
    assert web_client.get("/v1/collections/to-empty").json()["documents"] == 0
    assert TABLE not in page.content()
