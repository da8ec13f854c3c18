"""A browser, and a collection that it looks at, for the tests of the web page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest
from rest_server import finished

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

COLLECTION = "网页-web"
GUIDE = "guide.pdf"
TABLE = "质保.md"
_SENTENCES = (
    "The Heron pump carries a warranty of 30 months from the day of delivery.",
    "Filters of the Heron pump are changed every six months.",
    "The Heron pump weighs 84 kilograms without its motor.",
)
_TABLE = (
    "# 苍鹭泵\n\n苍鹭泵的额定流量是每小时 60 立方米。\n\n"
    "| 型号 | 功率 |\n| --- | --- |\n| H1 | 4 kW |\n"
)


def pdf_of(pages: tuple[str, ...]) -> bytes:
    """A PDF with a line on each page."""
    import pymupdf

    document = pymupdf.open()  # type: ignore[no-untyped-call]
    for text in pages:
        page = document.new_page(width=420, height=300)
        page.insert_text((40, 80), "Heron pump guide", fontsize=16)
        page.insert_text((40, 120), text, fontsize=10)
    content = document.tobytes(deflate=True, no_new_id=True)  # type: ignore[no-untyped-call]
    document.close()  # type: ignore[no-untyped-call]
    assert isinstance(content, bytes)
    return content


@pytest.fixture(scope="session")
def guide() -> bytes:
    return pdf_of(_SENTENCES)


@pytest.fixture(scope="session")
def web_client(client: httpx.Client, guide: bytes) -> httpx.Client:
    """A client of a server whose collection has a PDF of three pages and a text."""
    client.post("/v1/collections", json={"name": COLLECTION}).raise_for_status()
    files = [("files", (GUIDE, guide)), ("files", (TABLE, _TABLE.encode()))]
    response = client.post(f"/v1/collections/{COLLECTION}/documents", files=files)
    job = finished(client, response.headers["Location"])
    assert job["counts"]["added"] == 2, job
    return client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module: while it is open, its event loop is that of the thread."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    executable = next((path for path in found if path), None)
    if executable is None:
        pytest.skip("no Chromium is installed: the web page is tested in one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a page did besides what it shows."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass
class Visit:
    """A page in a browser of its own, at a server."""

    page: Page
    base: str
    seen: Seen

    def go(self, address: str = "/") -> Page:
        """Loads an address anew."""
        self.page.goto("about:blank")
        self.page.goto(self.base + address)
        return self.page

    def view(self, view: str) -> Page:
        """Loads a view of the collection."""
        return self.go(f"/#/c/{COLLECTION}/{view}")


def visit(context: BrowserContext, base: str) -> Visit:
    """A page that remembers what it asked for and what went wrong."""
    seen = Seen()
    page = context.new_page()
    page.set_default_timeout(60_000)
    context.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
    return Visit(page, base, seen)


@pytest.fixture
def desk(browser: Browser, web_client: httpx.Client) -> Iterator[Visit]:
    """An English browser, 1280 pixels wide."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    yield visit(context, str(web_client.base_url))
    context.close()
