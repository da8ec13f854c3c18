"""The main content of a web page: what is not content taken out, and the part that holds it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

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
_PROSE_CHARS = 60
_MIN_CHARS = 200


def elements(root: etree._Element) -> Iterator[etree._Element]:
    """The element and all below it, comments and instructions passed over."""
    return (element for element in root.iter() if isinstance(element.tag, str))


def text_length(root: etree._Element) -> int:
    """Characters of the text below the element, white space aside."""
    return sum(len("".join(str(piece).split())) for piece in root.itertext("*"))


def drop(element: etree._Element) -> None:
    """Take the element out of its tree; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)


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
    total = max(text_length(root), 1)
    for element in list(elements(root)):
        if element is root or element.tag in ("main", "article", "body"):
            continue
        inside = any(a.tag in ("article", "main") for a in element.iterancestors())
        tagged = element.tag in _BOILERPLATE or element.get("role") in _ROLES
        # Highlighted code has classes such as "comment", too.
        written = element.tag == "span" or any(
            a.tag in ("pre", "code") for a in (element, *element.iterancestors())
        )
        named = (
            by_name
            and not written
            and (
                _NAMES.search(f"{element.get('class', '')} {element.get('id', '')}") is not None
                or (not inside and _all_links(element))
            )
        )
        if not (tagged or named) or _holds_main(element, total):
            continue
        if inside and element.tag in ("header", "aside", "footer") and not _all_links(element):
            continue
        drop(element)


def _holds_main(element: etree._Element, total: int) -> bool:
    if any(next(element.iter(tag), None) is not None for tag in ("h1", "main", "article")):
        return True
    return element.tag != "nav" and text_length(element) > _MUCH * total


def _all_links(element: etree._Element) -> bool:
    """Whether a list, a table or a division is nothing but several links."""
    if element.tag not in ("ul", "ol", "div", "section", "table"):
        return False
    links = list(element.iter("a"))
    if len(links) < 4:
        return False
    linked = sum(text_length(link) for link in links)
    # Long titles of links are a list of contents worth keeping.
    return linked > 0.85 * text_length(element) and linked < 25 * len(links)


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


def prose_length(root: etree._Element) -> int:
    """Characters in paragraphs that are long and not mostly links."""
    total = 0
    for element in root.iter("p", "li", "td", "dd", "pre", "blockquote"):
        if element.tag != "p" and next(element.iter("p"), None) is not None:
            continue
        length = text_length(element)
        if length >= _PROSE_CHARS:
            linked = sum(text_length(link) for link in element.iter("a"))
            if linked <= length // 2:
                total += length
    return total


def keeps_enough(kept: etree._Element, whole: etree._Element) -> bool:
    """Whether the content taken holds the prose of the whole page, and some text at all."""
    length = text_length(kept)
    if length < min(_MIN_CHARS, text_length(whole) // 2):
        return False
    return prose_length(kept) >= 0.6 * prose_length(whole)
