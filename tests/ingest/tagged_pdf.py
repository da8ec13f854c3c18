"""A small tagged PDF, written byte by byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any


def build_tagged(parts: Sequence[tuple[str, Any]]) -> bytes:
    """Two pages: what comes before the part "P2" on the first, the rest on the second. `P2` is
    the rest of the paragraph before. A row of a table that is shorter than the widest has a last
    cell over the columns that are left; an empty text is a cell without content."""
    objects: list[str] = ["", "", "", "", ""]  # catalog, pages, two pages, font
    streams: list[list[str]] = [[], []]
    counts = [0, 0]
    tops = [760, 760]
    parents: dict[tuple[int, int], int] = {}

    def add(body: str) -> int:
        objects.append(body)
        return len(objects)

    def show(page: int, x: float, text: str) -> str:
        mcid = counts[page]
        counts[page] += 1
        streams[page].append(
            f"/P <</MCID {mcid}>> BDC BT /F1 11 Tf {x} {tops[page]} Td ({text}) Tj ET EMC"
        )
        return f"<</Type/MCR/Pg {3 + page} 0 R/MCID {mcid}>>"

    def adopt(kid: int, parent: int) -> None:
        objects[kid - 1] = objects[kid - 1].replace("/K", f"/P {parent} 0 R/K", 1)

    def element(role: str, kids: Sequence[str], extra: str = "") -> str:
        inside = " ".join(kids)
        number = add(f"<</Type/StructElem/S/{role}/K[{inside}]{extra}>>")
        for on_page, mcid in re.findall(r"/Pg (\d+) 0 R/MCID (\d+)", inside):
            parents[int(on_page) - 3, int(mcid)] = number
        for kid in re.findall(r"(?<!/Pg )\b(\d+) 0 R", inside):
            adopt(int(kid), number)
        return f"{number} 0 R"

    page = 0
    top: list[str] = []
    paragraph: list[str] = []
    for role, content in parts:
        if role == "P2":
            page = 1
            paragraph.append(show(page, 72, content))
        elif role == "P":
            paragraph = [show(page, 72, content)]
            top.append("P")
        elif role == "LI":
            body = element("LBody", [show(page, 90, content)])
            top.append(element("L", [element("LI", [body])]))
        elif role == "TABLE":
            top.append(element("Table", _rows(content, page, show, element, tops)))
        else:
            top.append(element(role, [show(page, 72, content)]))
        tops[page] -= 24
    kids = [element("P", paragraph) if kid == "P" else kid for kid in top]
    document = element("Document", kids)
    nums = " ".join(
        f"{page} [{' '.join(f'{parents[page, mcid]} 0 R' for mcid in range(counts[page]))}]"
        for page in range(2)
    )
    tree = add(f"<</Type/StructTreeRoot/K {document}/ParentTree<</Nums[{nums}]>>>>")
    adopt(int(document.split()[0]), tree)
    contents = [
        add(f"<</Length {len(body)}>>\nstream\n{body}\nendstream")
        for body in ("\n".join(stream) for stream in streams)
    ]
    objects[0] = f"<</Type/Catalog/Pages 2 0 R/MarkInfo<</Marked true>>/StructTreeRoot {tree} 0 R>>"
    objects[1] = "<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>"
    for index in range(2):
        objects[2 + index] = (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>"
            f"/StructParents {index}/Contents {contents[index]} 0 R>>"
        )
    objects[4] = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return _file(objects)


def _rows(
    rows: Sequence[Sequence[str]], page: int, show: Any, element: Any, tops: list[int]
) -> list[str]:
    width = max(map(len, rows))
    out: list[str] = []
    for number, row in enumerate(rows):
        cells: list[str] = []
        for place, text in enumerate(row):
            span = width - place if place == len(row) - 1 else 1
            content = [show(page, 72 + 120 * place, text)] if text else []
            extra = f"/A<</O/Table/ColSpan {span}>>" if span > 1 else ""
            cells.append(element("TH" if number == 0 else "TD", content, extra))
        out.append(element("TR", cells))
        tops[page] -= 20
    return out


def _file(objects: Sequence[str]) -> bytes:
    data = bytearray(b"%PDF-1.7\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += (
        f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    )
    return bytes(data)
