"""Which text format a text is in: mail, markup, data, tables, program text or prose."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ingest import sniff_code, sniff_data

HEAD_BYTES = 65_536
"""How much of a file is looked at, for all but a few checks of its end."""

_MARKDOWN_NAMES = {".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".rmd", ".qmd"}
_HTML_NAMES = {".html", ".htm", ".xhtml", ".xht", ".shtml"}
_RST_NAMES = {".rst", ".rest"}
_MAIL_NAMES = {".eml", ".mht", ".mhtml", ".mbox", ".mbx"}
_MAIL_HEADER = re.compile(
    r"^(?:from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|cc|"
    r"content-type|reply-to|x-[a-z0-9-]+):[ \t]*\S",
    re.IGNORECASE,
)
_WANTED = {"from", "to", "subject", "date", "received", "message-id", "mime-version"}
_ENVELOPE = re.compile(r"From \S[^\n]{0,200}\d\d:\d\d[^\n]{0,40}\d{4}[^\n]{0,40}$", re.MULTILINE)
_SECOND_ENVELOPE = re.compile(
    rb"\n\r?\nFrom \S[^\r\n]{0,200}\d\d:\d\d[^\r\n]{0,40}\d{4}[^\r\n]{0,40}\r?\n"
)
_TAG = re.compile(
    r"<(?:html|head|body|div|p|h[1-6]|table|ul|ol|article|section|span|a\s+href|meta|title)\b[^<>]*>",
    re.IGNORECASE,
)
_XML_ROOT = re.compile(r"<([A-Za-z_][\w.:-]{0,200})(?:\s[^<>]*)?/?>")
_PROLOGUE = re.compile(r"\A(?:<\?xml[^>]{0,500}\?>|<!--.{0,5000}?-->|\s)+", re.DOTALL)
_DECLARATIONS = re.compile(r"\A(?:<[?!][^>]*>\s*)+")
_RST_DIRECTIVE = re.compile(r"^ {0,8}\.\. (?:[\w-]+::|_[^:\n]+:|\[\d+\] )", re.MULTILINE)
_RST_UNDERLINE = re.compile(r"^(?=\S)[^\n]{2,120}\n([=\-~^\"'`#*+])\1{2,}[ \t]*$", re.MULTILINE)
_RST_INLINE = re.compile(r"(?<!`)``[^`\n]+``(?!`)|:[\w:-]+:`[^`\n]+`|`[^`\n]+ <[^>\n]+>`_")


def text_type(text: str, name: str, data: bytes) -> str:
    """The media type of a text. `text` is its first HEAD_BYTES decoded, `data` all of it."""
    head = text.lstrip("\ufeff \t\r\n").replace("\r\n", "\n").replace("\r", "\n")
    path = PurePosixPath(name.lower().replace("\\", "/"))
    suffix = path.suffix
    whole = len(data) <= HEAD_BYTES
    if head.startswith("{\\rtf"):
        return "application/rtf"
    if sniff_code.is_named(path.name) and not _is_page(head):
        return "text/x-source"
    mail = _mail_type(head, suffix, data)
    if mail:
        return mail
    structured = sniff_data.json_type(head, suffix, data, whole=whole)
    if structured:
        return structured
    if head.startswith("#!") and sniff_code.has_shebang(head):
        return "text/x-source"
    if suffix in _MARKDOWN_NAMES:
        return "text/html" if _is_page(head) else "text/markdown"
    marked = _markup_type(head, suffix, data)
    if marked:
        return marked
    if suffix in _RST_NAMES or _is_rst(head):
        return "text/x-rst"
    if _is_markdown(head):
        return "text/markdown"
    table = sniff_data.table_type(head, suffix, whole=whole)
    if table:
        return table
    if sniff_code.looks_like_code(head):
        return "text/x-source"
    return "text/plain"


def _mail_type(head: str, suffix: str, data: bytes) -> str | None:
    """A mailbox, a message, or neither."""
    envelope = head.startswith("From ") and _ENVELOPE.match(head) is not None
    if envelope and (suffix in (".mbox", ".mbx") or _SECOND_ENVELOPE.search(data)):
        return "application/mbox"
    return "message/rfc822" if _is_mail(head[:20_000], suffix) else None


def _is_mail(head: str, suffix: str) -> bool:
    """Header lines from the first line on, with at least three of the well-known ones; two
    where the name or the type of the content says that it is a mail."""
    known: set[str] = set()
    multipart = False
    for number, line in enumerate(head.split("\n")[:200]):
        if not line.strip():
            break
        if _MAIL_HEADER.match(line):
            field = line.split(":")[0].lower()
            known.add(field)
            multipart |= field == "content-type" and "multipart/" in line.lower()
        elif not _goes_on_as_header(line, number):
            return False
    if suffix in _MAIL_NAMES or (multipart and "mime-version" in known):
        return len(known) >= 2
    return len(known & _WANTED) >= 3


def _goes_on_as_header(line: str, number: int) -> bool:
    """Whether a line can stand in a mail header: a field, a folded line, or the envelope."""
    if number == 0 and line.startswith("From "):
        return True
    return line[0].isspace() or re.match(r"[\w-]+:", line) is not None


def _is_page(head: str) -> bool:
    """Whether the text begins as a whole web page does."""
    start = _PROLOGUE.sub("", head[:8000]) if head.startswith("<") else ""
    start = start[:2000].lower()
    if "<?php" in start or "<%" in start:
        return False
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return True
    return start.startswith("<!doctype") and "<html" in start


def _markup_type(head: str, suffix: str, data: bytes) -> str | None:
    """A web page, XML, or neither."""
    if _is_page(head):
        return "text/html"
    tags = len(_TAG.findall(head[:20_000]))
    if suffix in _HTML_NAMES and tags >= 1:
        return "text/html"
    if not head.startswith("<"):
        return None
    declared = head.startswith("<?xml")
    root = _XML_ROOT.match(_DECLARATIONS.sub("", _PROLOGUE.sub("", head)))
    if declared or suffix in (".xml", ".svg", ".xsd", ".xsl", ".rss", ".atom", ".kml", ".gpx"):
        return "application/xml"
    if tags >= 3 and "</" in head:
        return "text/html"
    if root is not None:
        tail = data.rstrip(b"\x00 \t\r\n")[-(len(root[1]) + 8) :].replace(b"\x00", b"")
        if tail.endswith(f"</{root[1]}>".encode()):
            return "application/xml"
    return None


def _is_rst(head: str) -> bool:
    """Directives or targets of reStructuredText, with other marks of it."""
    sample = head[:20_000]
    directives = len(_RST_DIRECTIVE.findall(sample))
    if not directives:
        return False
    underlined = _RST_UNDERLINE.search(sample) is not None
    inline = _RST_INLINE.search(sample) is not None
    return directives + underlined + inline >= 2 and (
        re.search(r"^ {0,8}\.\. [\w-]+::", sample, re.MULTILINE) is not None or underlined
    )


def _is_markdown(head: str) -> bool:
    """At least two kinds of Markdown structure, or a run of headings with text under them."""
    head = head[:20_000]
    if head.startswith("---\n") and re.search(r"^---\s*$", head[4:4000], re.MULTILINE):
        return re.search(r"^#{1,6} \S", head, re.MULTILINE) is not None
    headings = len(re.findall(r"^#{1,6} \S.*$", head, re.MULTILINE))
    kinds = [
        headings > 0,
        len(re.findall(r"^(?:```|~~~)", head, re.MULTILINE)) >= 2,
        re.search(r"!?\[[^\]\n]+\]\([^)\s]+\)", head) is not None,
        re.search(r"^\|?[ :]*-{3,}[ :]*(?:\|[ :]*-{3,}[ :]*)+\|?[ \t]*$", head, re.M) is not None,
        len(re.findall(r"\*\*[^*\n]+\*\*", head)) >= 2,
        len(re.findall(r"^[-*+] \S", head, re.MULTILINE)) >= 2,
    ]
    deep = re.search(r"^#{2,6} \S", head, re.MULTILINE) is not None
    return (headings > 0 and sum(kinds) >= 2) or (headings >= 2 and deep) or sum(kinds[1:5]) >= 3
