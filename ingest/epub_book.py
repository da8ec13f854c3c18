"""What an EPUB says of itself: its pages in reading order, its table of contents, its metadata.

Source: EPUB 3.3 (W3C), and the NCX of EPUB 2 (DAISY Z39.86).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from ingest.contract import Json, UnreadableFile
from ingest.html_tables import plain_text
from ingest.package import Package

_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_OUT = {"cover", "toc", "loi", "lot", "index-toc"}
_DEEPEST = 6
_MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table of contents: the page and the id in it that it leads to."""

    label: str
    depth: int
    page: str
    anchor: str


@dataclass
class Book:
    """The pages in reading order (names in the package), those that are no text (cover, contents)
    left out; the entries of the table of contents; what the book says of itself."""

    pages: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    title: str = ""
    metadata: dict[str, Json] = field(default_factory=dict)


def read_book(package: Package) -> Book:
    """The book in the package. Raises UnreadableFile where its text is encrypted or where it
    does not say what its pages are."""
    _refuse_encrypted(package)
    where = _package_document(package)
    root = package.root(where)
    if root is None:
        raise UnreadableFile(
            f"{package.name}: not readable as an EPUB: its list of pages is missing; get a whole "
            "copy of it"
        )
    folder = posixpath.dirname(where)
    items: dict[str, tuple[str, str, set[str]]] = {}
    for item in _named(root, "item"):
        name = resolve(folder, item.get("href", ""))[0]
        properties = set(item.get("properties", "").split())
        items[item.get("id", "")] = (name, item.get("media-type", ""), properties)
    out = {
        resolve(folder, r.get("href", ""))[0]
        for r in _named(root, "reference")
        if r.get("type", "").lower() in _OUT
    }
    book = Book()
    _read_metadata(root, book)
    nav = next((name for name, _, properties in items.values() if "nav" in properties), "")
    for reference in _named(root, "itemref"):
        name, kind, _ = items.get(reference.get("idref", ""), ("", "", set()))
        if name and kind in _PAGES and name != nav and name not in out and name not in book.pages:
            book.pages.append(name)
    spine = next(_named(root, "spine"), None)
    ncx = items.get(spine.get("toc", "") if spine is not None else "", ("", "", set()))[0]
    if not ncx:
        ncx = next((n for n, kind, _ in items.values() if kind.endswith("dtbncx+xml")), "")
    if nav:
        book.entries = list(_nav_entries(package, nav))
    if not book.entries and ncx:
        book.entries = list(_ncx_entries(package, ncx))
    return book


def resolve(folder: str, address: str) -> tuple[str, str]:
    """The part and the id that an address in a part of the folder leads to."""
    path, _, anchor = unquote(address).partition("#")
    joined = posixpath.normpath(posixpath.join(folder, path)) if path else ""
    return joined.lstrip("/").removeprefix("../"), anchor


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return root.iter(f"{{*}}{name}")


def _refuse_encrypted(package: Package) -> None:
    root = package.root("META-INF/encryption.xml")
    if root is None:
        return
    encrypted = []
    for data in _named(root, "EncryptedData"):
        method = next(_named(data, "EncryptionMethod"), None)
        reference = next(_named(data, "CipherReference"), None)
        if method is not None and method.get("Algorithm") in _FONTS:
            continue
        encrypted.append("" if reference is None else reference.get("URI", ""))
    if not any(name.lower().endswith(("html", "htm", "xml", "")) for name in encrypted):
        return
    scheme = "an unknown scheme"
    for part, name in (
        ("META-INF/rights.xml", "Adobe ADEPT"),
        ("META-INF/license.lcpl", "Readium LCP"),
        ("META-INF/sinf.xml", "Apple FairPlay"),
    ):
        if part in package:
            scheme = name
    raise UnreadableFile(
        f"{package.name}: the book's text is encrypted (DRM, {scheme}): get a copy without copy "
        "protection"
    )


def _package_document(package: Package) -> str:
    root = package.root("META-INF/container.xml")
    for file in _named(root, "rootfile") if root is not None else ():
        path = file.get("full-path", "").lstrip("/")
        if path in package:
            return path
    return next(
        (item.filename for item in package.parts.values() if item.filename.endswith(".opf")), ""
    )


def _read_metadata(root: etree._Element, book: Book) -> None:
    values: dict[str, list[str]] = {}
    for name in ("title", "creator", "language", "date", "publisher", "subject", "description",
                 "rights", "identifier"):  # fmt: skip
        for element in root.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}"):
            text = plain_text(element)
            if text and text not in values.setdefault(name, []):
                values[name].append(text)
    book.title = next(iter(values.get("title", [])), "")
    shared = {
        "author": ", ".join(values.get("creator", [])),
        "lang": next(iter(values.get("language", [])), ""),
        "created": next(iter(values.get("date", [])), ""),
        "publisher": next(iter(values.get("publisher", [])), ""),
        "description": next(iter(values.get("description", [])), ""),
        "rights": next(iter(values.get("rights", [])), ""),
        "identifier": next(iter(values.get("identifier", [])), ""),
    }
    book.metadata.update({key: value for key, value in shared.items() if value})
    if values.get("subject"):
        book.metadata["tags"] = tuple(values["subject"])


def _nav_entries(package: Package, nav: str) -> Iterator[Entry]:
    """The entries of an EPUB 3 navigation document."""
    root = package.root(nav)
    if root is None:
        return
    folder = posixpath.dirname(nav)
    lists = list(_named(root, "nav"))
    chosen = [n for n in lists if "toc" in (n.get("{http://www.idpf.org/2007/ops}type") or "")]
    for number, link in enumerate(_named((chosen or lists or [root])[0], "a")):
        depth = sum(isinstance(a.tag, str) and a.tag.endswith("}ol") for a in link.iterancestors())
        page, anchor = resolve(folder, link.get("href", ""))
        if number < _MOST_ENTRIES and plain_text(link):
            yield Entry(plain_text(link), min(max(depth, 1), _DEEPEST), page, anchor)


def _ncx_entries(package: Package, ncx: str) -> Iterator[Entry]:
    """The entries of an EPUB 2 table of contents."""
    root = package.root(ncx)
    if root is None:
        return
    folder = posixpath.dirname(ncx)
    for number, point in enumerate(_named(root, "navPoint")):
        label = next(_named(point, "navLabel"), None)
        content = next(_named(point, "content"), None)
        if number >= _MOST_ENTRIES or label is None or content is None:
            continue
        above = point.iterancestors("{*}navPoint")
        page, anchor = resolve(folder, content.get("src", ""))
        depth = min(1 + sum(1 for _ in above), _DEEPEST)
        if plain_text(label):
            yield Entry(plain_text(label), depth, page, anchor)
