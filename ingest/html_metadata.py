"""What a web page says of itself: <meta>, <link>, JSON-LD, <time>."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from ingest.contract import Json

_META: Mapping[str, tuple[str, ...]] = {
    "author": ("author", "article:author", "dc.creator", "dcterms.creator", "citation_author",
               "parsely-author", "sailthru.author", "byl"),
    "description": ("description", "og:description", "dc.description", "twitter:description"),
    "created": ("article:published_time", "date", "dc.date", "dcterms.created", "pubdate",
                "publishdate", "citation_date", "citation_publication_date", "parsely-pub-date",
                "datepublished"),
    "modified": ("article:modified_time", "last-modified", "og:updated_time", "dcterms.modified",
                 "datemodified"),
    "site": ("og:site_name", "application-name"),
    "publisher": ("article:publisher", "dc.publisher", "citation_publisher"),
}  # fmt: skip
_ARTICLES = ("article", "posting", "report", "webpage", "howto", "recipe", "creativework", "book")
_MOST_LD = 500_000


def meta_of(tree: etree._Element) -> dict[str, str]:
    """The page's <meta> elements by name or property in lower case; the first wins."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        names = (element.get(key) for key in ("name", "property", "itemprop", "http-equiv"))
        name = next(filter(None, names), "").strip().lower()
        content = " ".join((element.get("content") or "").split())
        if name and content:
            found.setdefault(name, content)
    return found


def page_metadata(tree: etree._Element) -> dict[str, Json]:
    """Author, dates, description, language, address and tags of a page, as far as it states
    them. To be called before scripts are taken out."""
    meta = meta_of(tree)
    found: dict[str, Json] = {}
    for key, names in _META.items():
        value = next((meta[name] for name in names if name in meta), "")
        if value and not (key in ("author", "publisher") and value.startswith("http")):
            found[key] = value
    authors = [(e.get("content") or "").strip() for e in tree.iter("meta")
               if (e.get("name") or "").lower() in ("author", "citation_author")]  # fmt: skip
    if len(set(filter(None, authors))) > 1:
        found["author"] = ", ".join(dict.fromkeys(filter(None, authors)))
    for key, stated in _linked_data(tree).items():
        found.setdefault(key, stated)
    if "created" not in found:
        times = [t.get("datetime", "") for t in tree.iter("time") if t.get("datetime")]
        if times and (len(times) == 1 or next(tree.iter("article"), None) is not None):
            found["created"] = times[0]
    language = tree.get("lang") or tree.get("xml:lang") or meta.get("content-language", "")
    language = language or meta.get("og:locale", "").replace("_", "-")
    if language.strip():
        found["lang"] = language.strip()
    links = [e for e in tree.iter("link") if (e.get("rel") or "").lower() == "canonical"]
    url = (links[0].get("href") or "") if links else ""
    if url or "og:url" in meta:
        found["url"] = url or meta["og:url"]
    tags = meta.get("keywords") or meta.get("news_keywords", "")
    if tags:
        parts = (part.strip() for part in re.split("[,，;；、]", tags))
        found["tags"] = tuple(dict.fromkeys(filter(None, parts)))
    return found


def _linked_data(tree: etree._Element) -> dict[str, Json]:
    """Author and dates of the article that JSON-LD describes."""
    found: dict[str, Json] = {}
    for script in tree.iter("script"):
        text = script.text or ""
        if "ld+json" not in (script.get("type") or "") or len(text) > _MOST_LD:
            continue
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for item in _items(data, 0):
            kind = str(item.get("@type", "")).lower()
            if not any(name in kind for name in _ARTICLES):
                continue
            names = ", ".join(dict.fromkeys(_names(item.get("author"), 0)))
            for key, value in (
                ("author", names),
                ("created", item.get("datePublished")),
                ("modified", item.get("dateModified")),
            ):
                if isinstance(value, str) and value.strip():
                    found.setdefault(key, value.strip())
    return found


def _items(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > 5:
        return
    if isinstance(data, list):
        for inner in data:
            yield from _items(inner, depth + 1)
    elif isinstance(data, dict):
        yield data
        yield from _items(data.get("@graph"), depth + 1)


def _names(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str) and value.strip() and not value.startswith("http"):
        yield value.strip()
    elif isinstance(value, dict) and depth < 3:
        yield from _names(value.get("name"), depth + 1)
    elif isinstance(value, list) and depth < 3:
        for inner in value:
            yield from _names(inner, depth + 1)
