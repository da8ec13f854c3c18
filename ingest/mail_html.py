"""The HTML body of a mail as blocks, with quotations and signatures set aside."""

from __future__ import annotations

import copy
import re

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.html_blocks import read_blocks
from ingest.html_main import drop_invisible, main_content
from ingest.html_tree import drop, elements, text_length

_QUOTE_CLASSES = re.compile(
    r"(?:^|\s)(?:gmail_quote(?:_container)?|yahoo_quoted|moz-cite-prefix|protonmail_quote|"
    r"qmbox|ntes_quote|foxmail_quote)(?:\s|$)"
)
_QUOTE_IDS = {"divrplyfwdmsg", "appendonsend", "isreplycontent", "ntes-pcmac-quote"}
_BELOW_TOO = {"divrplyfwdmsg", "appendonsend"}
_SIGNATURE = re.compile(r"(?:^|\s)(?:gmail_signature|moz-signature|foxmail_sign)(?:\s|$)")
_SIGNATURE_IDS = {"signature", "ntes-pcmac-signature"}
_BORDER = re.compile(r"border-top\s*:\s*solid|border:none;border-top", re.IGNORECASE)
_FIELDS = re.compile(r"\s*(?:From|发件人|寄件者|Von|De)\s*[:：]")
_FORWARDED = re.compile(r"Forwarded [Mm]essage|转发(?:的)?(?:邮件|信息)|Begin forwarded message")
_MAX_BYTES = 32 * 1024 * 1024


def html_tree(html: str) -> etree._Element | None:
    """The body of the HTML without what is never seen; None where there is nothing."""
    text = html.replace("\x00", "").encode("utf-8", "replace")[:_MAX_BYTES]
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, remove_pis=True, no_network=True)
    try:
        tree = etree.fromstring(text, parser)
    except etree.LxmlError:
        return None
    # The stubs do not know that a text without elements gives None.
    if tree is None:
        return None
    body = tree.find("body")
    body = tree if body is None else body
    drop_invisible(body)
    return body


def html_blocks(body: etree._Element, *, reply: bool) -> list[Block]:
    """The blocks of a body. In a reply, what mail programs mark as the message replied to
    becomes FURNITURE, and a signature does in any mail."""
    body = copy.deepcopy(body)
    whole = text_length(body)
    aside = [*_take(body, _signatures(body)), *(_take(body, _quotations(body)) if reply else ())]
    blocks = read_blocks(body)
    if whole and not blocks:
        return [
            Block(BlockKind.PARAGRAPH, b.text, 0) if b.kind is BlockKind.FURNITURE else b
            for element in aside
            for b in read_blocks(element)
        ]
    for element in aside:
        text = "\n".join(block.text for block in read_blocks(element))
        if text:
            blocks.append(Block(BlockKind.FURNITURE, text))
    return blocks


def page_blocks(body: etree._Element) -> list[Block]:
    """The main content of a page that was saved as a mail (MHTML)."""
    return read_blocks(main_content(body))


def _signatures(body: etree._Element) -> list[etree._Element]:
    return [
        element
        for element in elements(body)
        if _SIGNATURE.search(element.get("class", ""))
        or element.get("id", "").lower() in _SIGNATURE_IDS
    ]


def _quotations(body: etree._Element) -> list[etree._Element]:
    """The outermost elements that hold the message replied to."""
    found: list[etree._Element] = []
    taken: set[etree._Element] = set()
    for element in elements(body):
        if element is body or any(a in taken for a in element.iterancestors()):
            continue
        identifier = element.get("id", "").lower()
        outlook = _is_outlook_header(element)
        quoted = (
            outlook
            or (element.tag == "blockquote" and element.get("type") == "cite")
            or _QUOTE_CLASSES.search(element.get("class", "")) is not None
            or identifier in _QUOTE_IDS
        )
        if not quoted or _FORWARDED.search(_beginning(element)):
            continue
        below = list(element.itersiblings()) if outlook or identifier in _BELOW_TOO else []
        for one in (element, *(e for e in below if isinstance(e.tag, str))):
            found.append(one)
            taken.add(one)
    return found


def _is_outlook_header(element: etree._Element) -> bool:
    return (
        element.tag == "div"
        and _BORDER.search(element.get("style", "")) is not None
        and _FIELDS.match(_beginning(element)) is not None
    )


def _beginning(element: etree._Element) -> str:
    text = ""
    for piece in element.itertext():
        text += str(piece)
        if len(text) > 400:
            break
    return text.strip()[:400]


def _take(body: etree._Element, found: list[etree._Element]) -> list[etree._Element]:
    """The elements, out of their tree."""
    taken: list[etree._Element] = []
    for element in found:
        if element is body or element.getparent() is None:
            continue
        drop(element)
        element.tail = None
        taken.append(element)
    return taken
