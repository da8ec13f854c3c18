"""The main content of a web page: what is not content taken out, and the part that holds it."""

from __future__ import annotations

import copy
import re

from lxml import etree

from ingest.html_tables import HEADINGS, plain_text
from ingest.html_tree import drop, elements, extents, prose_length, text_length
from ingest.html_trim import trimmed
from ingest.web_phrases import is_site_phrase

_NEVER = frozenset(
    """
    script style noscript template svg canvas iframe object embed applet audio video map head
    link meta input select textarea button datalist progress meter dialog rp rt
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_BOILERPLATE = frozenset(["nav", "footer", "aside", "header", "menu"])
_ROLES = frozenset(
    """
    navigation banner contentinfo search complementary dialog alertdialog menu menubar toolbar
    tooltip
    """.split()  # noqa: SIM905 - quoted words are harder to read and to mend
)
_ALWAYS_OUT = re.compile(
    r"(?:^|\s)(?:mw-editsection|mw-cite-backlink|reference|mw-jump-link|headerlink|anchorjs-link|"
    r"mw-redirectedfrom|linenos?|linenumbers?|line-numbers-rows|gutter|hljs-ln-numbers|sr-only|"
    r"visually-hidden|screen-reader-text|skip-link)(?:\s|$)"
)
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navi|navbar|navbox|navigation|menu|sidebar|sidenav|breadcrumbs?|crumbs?|"
    r"cookies?|gdpr|consent|footer|footnav|share|sharing|social|newsletter|subscribe|toc|catlinks|"
    r"printfooter|adverts?|advertisement|ads?|promo|pagination|pager|popup|modal|related|"
    r"recommend(?:ed|ations?)?|toolbar|copyright|login|editsection|noprint|comments?-?(?:list|area|section|form|respond)?|disqus(?:_thread)?|"
    r"respond|banner|announcement|feedback)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MUCH = 0.4
_LEAST_CHARS = 200


def drop_unfit(root: etree._Element) -> None:
    """Take characters out that no XML may hold: the parser lets them in, but nothing that has
    them can be moved."""
    for node in root.iter():
        if node.text and _UNFIT.search(node.text):
            node.text = _UNFIT.sub("", node.text)
        if node.tail and _UNFIT.search(node.tail):
            node.tail = _UNFIT.sub("", node.tail)


def drop_invisible(root: etree._Element) -> None:
    """Take out what a reader never sees: scripts, styles, form fields, hidden elements, and
    the small marks (edit links, reference numbers) inside the text."""
    drop_unfit(root)
    for comment in [node for node in root.iter() if not isinstance(node.tag, str)]:
        drop(comment)
    for element in list(elements(root)):
        if element is root:
            continue
        hidden = (
            "hidden" in element.attrib
            or element.get("aria-hidden") == "true"
            or _HIDDEN.search(element.get("style", "")) is not None
        )
        marks = _ALWAYS_OUT.search(element.get("class", "")) is not None
        # Formulas are hidden behind the picture that shows them.
        if element.tag in _NEVER or (
            (hidden or marks) and next(element.iter("math"), None) is None
        ):
            drop(element)


def drop_boilerplate(root: etree._Element, *, by_name: bool) -> None:
    """Take out navigation, banners, footers and the like, told by their tag or role; and
    `by_name`, by their class, their id, or by being all links. What holds the page's heading
    or much of its text stays."""
    sizes = extents(root)
    total = max(sizes[root][0], 1)
    within: dict[etree._Element, tuple[bool, bool]] = {}
    for element in list(elements(root)):
        parent = element.getparent()
        inside, coded = (False, False) if parent is None else within.get(parent, (False, False))
        coded = coded or element.tag in ("pre", "code")
        within[element] = (inside or element.tag in ("article", "main"), coded)
        if element is root or element.tag in ("main", "article", "body"):
            continue
        tagged = element.tag in _BOILERPLATE or element.get("role") in _ROLES
        # Highlighted code has classes such as "comment", too.
        written = element.tag == "span" or coded
        all_links = _all_links(element, sizes[element])
        named = (
            by_name
            and not written
            and (
                _NAMES.search(f"{element.get('class', '')} {element.get('id', '')}") is not None
                or (not inside and all_links)
                or _begins_aside(element)
                or _is_contents(element, sizes[element])
            )
        )
        if not (tagged or named) or _holds_main(element, sizes[element][0], total):
            continue
        if inside and element.tag in ("header", "aside", "footer") and not all_links:
            continue
        drop(element)


def _holds_main(element: etree._Element, length: int, total: int) -> bool:
    if any(next(element.iter(tag), None) is not None for tag in ("h1", "main", "article")):
        return True
    return element.tag != "nav" and length > _MUCH * total


def _begins_aside(element: etree._Element) -> bool:
    """Whether the element begins with a heading such as sites put over links and comments."""
    if element.tag not in ("div", "section", "ul", "li", "td"):
        return False
    first = element[0] if len(element) and not (element.text or "").strip() else None
    while first is not None and first.tag in ("div", "header", "span") and len(first):
        first = None if (first.text or "").strip() else first[0]
    heads = first is not None and first.tag in HEADINGS and first.tag != "h1"
    return heads and first is not None and is_site_phrase(plain_text(first))


def _is_contents(element: etree._Element, extent: tuple[int, int, int]) -> bool:
    """Whether a list is one of places on the page itself."""
    length, linked, links = extent
    return (
        element.tag in ("ul", "ol", "dl")
        and links >= 3
        and linked > 0.85 * length
        and all(link.get("href", "").startswith("#") for link in element.iter("a"))
    )


def _all_links(element: etree._Element, extent: tuple[int, int, int]) -> bool:
    """Whether a list, a table or a division is nothing but several links."""
    if element.tag not in ("ul", "ol", "div", "section", "table"):
        return False
    length, linked, links = extent
    # Long titles of links are a list of contents worth keeping.
    return links >= 4 and linked > 0.85 * length and linked < 25 * links


def main_root(body: etree._Element) -> etree._Element:
    """The element that holds the main content: <main>, a lone <article>, or all of the body
    where those hold little of it."""
    found = [e for e in elements(body) if e.tag == "main" or e.get("role") == "main"]
    articles = [e for e in elements(body) if e.tag == "article"]
    if not found and not articles:
        return body
    prose = prose_length(body)
    total = prose or text_length(body)
    measure = prose_length if prose else text_length
    for candidates in (found, articles):
        if len(candidates) == 1 and measure(candidates[0]) >= 0.7 * total:
            return candidates[0]
    return body


def main_content(body: etree._Element) -> etree._Element:
    """The part of the page to read, out of a copy: the strictest cut that keeps its running
    text."""
    for by_name in (True, False):
        trial = copy.deepcopy(body)
        drop_boilerplate(trial, by_name=by_name)
        found = trimmed(main_root(trial))
        if keeps_enough(found, body):
            return found
    return body


def keeps_enough(kept: etree._Element, whole: etree._Element) -> bool:
    """Whether the content taken holds the prose of the whole page, and some text at all."""
    length = text_length(kept)
    if length < min(_LEAST_CHARS, text_length(whole) // 2):
        return False
    return prose_length(kept) >= 0.6 * prose_length(whole)
