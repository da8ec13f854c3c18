"""SmartArt of OOXML documents as nested lists.

Source: ECMA-376, part 1, chapter 21.4 (DrawingML diagrams).
"""

from __future__ import annotations

from lxml import etree

from ingest.contract import Block, BlockKind
from ingest.drawing_text import text_of
from ingest.ooxml import A, whole

D = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"


def diagram_blocks(root: etree._Element | None) -> list[Block]:
    """The texts of a diagram's data part in the order of its hierarchy, as list items."""
    if root is None:
        return []
    texts: dict[str, str] = {}
    for element in root.iter(f"{D}pt"):
        if element.get("type", "node") in ("node", "asst", "doc"):
            lines = [text_of(p) for p in element.iter(f"{A}p")]
            texts[element.get("modelId") or ""] = "\n".join(line for line in lines if line)
    children: dict[str, list[tuple[int, str]]] = {}
    has_parent: set[str] = set()
    for link in root.iter(f"{D}cxn"):
        one, two = link.get("srcId") or "", link.get("destId") or ""
        if link.get("type", "parOf") == "parOf" and one in texts and two in texts:
            children.setdefault(one, []).append((whole(link.get("srcOrd")), two))
            has_parent.add(two)
    pending = [(point, 0) for point in reversed(texts) if point not in has_parent]
    seen: set[str] = set()
    blocks: list[Block] = []
    while pending:
        point, level = pending.pop()
        if point in seen:
            continue
        seen.add(point)
        if texts[point]:
            level += 1
            blocks.append(Block(BlockKind.LIST_ITEM, f"- {texts[point]}", min(level, 9)))
        below = sorted(children.get(point, []), reverse=True)
        pending.extend((child, level) for _, child in below)
    return blocks
