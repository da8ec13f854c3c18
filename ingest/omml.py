"""Formulas of Office documents as one line of text: `(a+b)/c`, `x_1^2`, `√(x)`.

The linear form is that of UnicodeMath, which Word itself reads and writes. Source: M. Sargent,
Unicode Nearly Plain-Text Encoding of Mathematics (Unicode Technical Note 28).
"""

from __future__ import annotations

import re

from lxml import etree

from ingest.ooxml import M

_SIMPLE = re.compile(r"[\w.]+|[^\w\s]", re.UNICODE)


def linear(node: etree._Element) -> str:
    """The formula below a node of OMML on one line."""
    return re.sub(r"[ \t\r\n]+", " ", _children(node)).strip()


def _children(node: etree._Element | None) -> str:
    return "".join(_written(child) for child in node) if node is not None else ""


def _written(node: etree._Element) -> str:
    tag = str(node.tag)
    if not tag.startswith(M):
        return ""
    name = tag[len(M) :]
    if name == "t":
        return node.text or ""
    part = {str(child.tag)[len(M) :]: child for child in node if str(child.tag).startswith(M)}
    base = _children(part.get("e"))
    if name == "f":
        return f"{_grouped(_children(part.get('num')))}/{_grouped(_children(part.get('den')))}"
    if name in ("sSup", "sSub", "sSubSup", "nary", "limLow", "limUpp", "sPre"):
        return _scripted(name, node, part, base)
    if name == "rad":
        degree = _children(part.get("deg"))
        return f"√({degree}&{base})" if degree else f"√{_grouped(base, always=True)}"
    if name == "d":
        return _delimited(node)
    if name == "func":
        return f"{_children(part.get('fName'))} {base}"
    if name == "m":
        rows = ("&".join(_children(cell) for cell in row.iterfind(f"{M}e"))
                for row in node.iterfind(f"{M}mr"))  # fmt: skip
        return f"■({'@'.join(rows)})"
    if name == "eqArr":
        return " ".join(_children(row) for row in node.iterfind(f"{M}e"))
    if name == "acc":
        return base + (_property(node, "accPr", "chr") or "\u0302")
    return "" if name.endswith("Pr") else _children(node)


def _scripted(name: str, node: etree._Element, part: dict[str, etree._Element], base: str) -> str:
    low = _children(part.get("sub")) or (_children(part.get("lim")) if name == "limLow" else "")
    high = _children(part.get("sup")) or (_children(part.get("lim")) if name == "limUpp" else "")
    scripts = (f"_{_grouped(low)}" if low else "") + (f"^{_grouped(high)}" if high else "")
    if name == "nary":
        return f"{_property(node, 'naryPr', 'chr') or '∫'}{scripts} {base}"
    return scripts + base if name == "sPre" else _grouped(base) + scripts


def _delimited(node: etree._Element) -> str:
    opening = _property(node, "dPr", "begChr")
    closing = _property(node, "dPr", "endChr")
    between = _property(node, "dPr", "sepChr") or "|"
    inside = between.join(_children(child) for child in node.iterfind(f"{M}e"))
    return ("(" if opening is None else opening) + inside + (")" if closing is None else closing)


def _property(node: etree._Element, properties: str, name: str) -> str | None:
    found = node.find(f"{M}{properties}/{M}{name}")
    return found.get(f"{M}val", "") if found is not None else None


def _grouped(text: str, *, always: bool = False) -> str:
    """The text in brackets where it is more than one word or sign."""
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) and not always else f"({text})"
