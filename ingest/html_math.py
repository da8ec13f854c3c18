"""Formulas in a page as TeX where the page has it: MathML with an annotation, MathJax, KaTeX."""

from __future__ import annotations

import re

from lxml import etree

from ingest.html_tree import drop

_STYLE = re.compile(r"^\{\\(?:displaystyle|textstyle)\s*(.*)\}$", re.DOTALL)


def plain_math(root: etree._Element) -> None:
    """Put the TeX between dollar signs in place of every formula that has it; MathML without
    it keeps its own characters. To be called before scripts are taken out."""
    for script in list(root.iter("script")):
        kind = (script.get("type") or "").lower()
        if kind.startswith("math/tex"):
            _put(script, script.text or "", display="display" in kind)
    for span in list(root.iter("span")):
        if "katex-html" in (span.get("class") or "").split():
            drop(span)
    for math in list(root.iter("math")):
        notes = [n for n in math.iter("annotation") if "tex" in (n.get("encoding") or "").lower()]
        tex = "".join(map(str, notes[0].itertext())) if notes else math.get("alttext", "")
        if tex.strip():
            _put(math, tex, display=math.get("display") == "block")
        else:
            for note in list(math.iter("annotation", "annotation-xml")):
                drop(note)


def _put(element: etree._Element, tex: str, *, display: bool) -> None:
    """The formula as text where the element stands; what hid it no longer does."""
    tex = " ".join(tex.split())
    match = _STYLE.match(tex)
    shown = (match[1] if match else tex).strip().strip("$")
    for parent in element.iterancestors("span"):
        for name in ("style", "aria-hidden"):
            if name in parent.attrib:
                del parent.attrib[name]
    mark = "$$" if display else "$"
    element.tail = f"{mark}{shown}{mark}" + (element.tail or "")
    drop(element)
