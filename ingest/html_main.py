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
    extents = _extents(root)
    total = max(extents[root][0], 1)
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
        all_links = _all_links(element, extents[element])
        named = (
            by_name
            and not written
            and (
                _NAMES.search(f"{element.get('class', '')} {element.get('id', '')}") is not None
                or (not inside and all_links)
            )
        )
        if not (tagged or named) or _holds_main(element, extents[element][0], total):
            continue
        if inside and element.tag in ("header", "aside", "footer") and not all_links:
            continue
        drop(element)


def _extents(root: etree._Element) -> dict[etree._Element, tuple[int, int, int]]:
    """For each element its characters, white space aside, those of them within links, and the
    number of its links. One pass: an outer element is the sum of its inner ones, however deep."""
    found: dict[etree._Element, tuple[int, int, int]] = {}
    for node in reversed(list(elements(root))):
        length, linked, links = _dense(node.text), 0, 0
        for child in node:
            inner = found.get(child, (0, 0, 0))  # a comment has no text
            length += inner[0] + _dense(child.tail)
            linked += inner[1]
            links += inner[2]
        is_link = node.tag == "a"
        found[node] = (length, length if is_link else linked, links + is_link)
    return found


def _dense(text: str | None) -> int:
    return len("".join(text.split())) if text else 0


def _holds_main(element: etree._Element, length: int, total: int) -> bool:
    if any(next(element.iter(tag), None) is not None for tag in ("h1", "main", "article")):
        return True
    return element.tag != "nav" and length > _MUCH * total


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


def prose_length(root: etree._Element) -> int:
    """Characters in paragraphs that are long and not mostly links."""
    total = 0
    extents = _extents(root)
    for element in root.iter("p", "li", "td", "dd", "pre", "blockquote"):
        if element.tag != "p" and next(element.iter("p"), None) is not None:
            continue
        length, linked, _ = extents[element]
        if length >= _PROSE_CHARS and linked <= length // 2:
            total += length
    return total


def keeps_enough(kept: etree._Element, whole: etree._Element) -> bool:
    """Whether the content taken holds the prose of the whole page, and some text at all."""
    length = text_length(kept)
    if length < min(_MIN_CHARS, text_length(whole) // 2):
        return False
    return prose_length(kept) >= 0.6 * prose_length(whole)
