"""A truth document as HTML: as a web page with what stands around it, or made for print."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

from bench.truth.model import Break, Code, Content, Figure, Grid, Heading, Item, Para
from bench.truth.render_docx import chart


def body_html(content: Content, *, shift: int = 1, notes_at_end: bool = True) -> str:
    """The content alone; a heading of level n becomes h(n + shift)."""
    parts: list[str] = []
    notes: list[str] = []
    pieces = list(content.pieces)
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if isinstance(piece, Item):
            end = index
            while end < len(pieces) and isinstance(pieces[end], Item):
                end += 1
            parts.append(_list([p for p in pieces[index:end] if isinstance(p, Item)]))
            index = end
            continue
        parts.append(_piece(piece, shift, notes))
        index += 1
    if notes and notes_at_end:
        items = "".join(
            f'<p class="note" id="fn{n}">{escape(t)}</p>' for n, t in enumerate(notes, 1)
        )
        parts.append(f'<section class="footnotes">{items}</section>')
    return "\n".join(parts)


def _piece(piece: object, shift: int, notes: list[str]) -> str:
    if isinstance(piece, Heading):
        level = piece.level + shift
        return f"<h{level}>{escape(piece.text)}</h{level}>"
    if isinstance(piece, Para):
        mark = ""
        if piece.note:
            notes.append(piece.note)
            mark = f'<sup><a href="#fn{len(notes)}">{len(notes)}</a></sup>'
        return f"<p>{escape(piece.text)}{mark}</p>"
    if isinstance(piece, Grid):
        return grid_html(piece)
    if isinstance(piece, Code):
        return f'<pre><code class="language-{piece.language}">{escape(piece.text)}</code></pre>'
    if isinstance(piece, Figure):
        data = base64.b64encode(chart()).decode()
        return (
            f'<figure><img src="data:image/png;base64,{data}" alt="">'
            f"<figcaption>{escape(piece.caption)}</figcaption></figure>"
        )
    return '<div class="break"></div>' if isinstance(piece, Break) else ""


def grid_html(grid: Grid) -> str:
    """The table with its merged cells."""
    spans = {(r, c): (h, w) for r, c, h, w in grid.merges}
    covered = grid.covered()
    rows: list[str] = []
    for r, row in enumerate(grid.rows):
        tag = "th" if r < grid.header_rows else "td"
        cells = ""
        for c, text in enumerate(row):
            if (r, c) in covered:
                continue
            high, wide = spans.get((r, c), (1, 1))
            span = (f' rowspan="{high}"' if high > 1 else "") + (
                f' colspan="{wide}"' if wide > 1 else ""
            )
            cells += f"<{tag}{span}>{escape(text)}</{tag}>"
        rows.append(f"<tr>{cells}</tr>")
    head, body = "".join(rows[: grid.header_rows]), "\n".join(rows[grid.header_rows :])
    caption = f"<caption>{escape(grid.caption)}</caption>" if grid.caption else ""
    kind = ' class="plain"' if grid.borderless else ""
    return f"<table{kind}>{caption}<thead>{head}</thead>\n<tbody>{body}</tbody></table>"


def _list(items: list[Item]) -> str:
    """Nested lists. Marks that HTML does not make itself are written into the text."""
    out: list[str] = []
    depth = 0
    tags: list[str] = []
    for item in items:
        tag = "ol" if item.mark in ("1.", "2.", "3.") else "ul"
        while depth > item.level:
            out.append(f"</li></{tags.pop()}>")
            depth -= 1
        if depth == item.level:
            out.append("</li>")
        while depth < item.level:
            out.append(f"<{tag}>")
            tags.append(tag)
            depth += 1
        written = item.mark if tag == "ul" else ""
        glue = " " if written and not written.endswith("）") else ""
        none = ' style="list-style:none"' if written else ""
        out.append(f"<li{none}>{escape(written + glue + item.text)}")
    while tags:
        out.append(f"</li></{tags.pop()}>")
    return "".join(out)


def print_page(content: Content, pages: Mapping[str, int] | None = None) -> str:
    """HTML for Chromium's printer: running header and footer, watermark, contents, columns."""
    font = "Noto Sans CJK SC" if content.language == "zh" else "Liberation Sans"
    boxes = ""
    if content.header:
        boxes += f'@top-right {{ content: "{content.header}"; font: 9pt "{font}"; }}'
    if content.footer:
        made = content.footer.replace("{pages}", '" counter(pages) "')
        made = made.replace("{page}", '" counter(page) "')
        boxes += f'@bottom-center {{ content: "{made}"; font: 9pt "{font}"; }}'
    mark = f'<div class="mark">{escape(content.watermark)}</div>' if content.watermark else ""
    return f"""<!doctype html><html lang="{content.language}"><head><meta charset="utf-8">
<title>{escape(content.title)}</title><style>
@page {{ size: A4; margin: 2.2cm; {boxes} }}
body {{ font: 11pt/1.6 "{font}"; margin: 0; }}
h1 {{ font-size: 21pt; text-align: center; }} h2 {{ font-size: 16pt; }} h3 {{ font-size: 13.5pt; }}
h4 {{ font-size: 12pt; }} h5 {{ font-size: 11pt; }}
p {{ text-align: justify; {"text-indent: 2em;" if content.language == "zh" else "hyphens: auto;"} }}
table {{ border-collapse: collapse; width: 100%; font-size: 9.5pt; margin: 8pt 0; }}
th, td {{ border: .6pt solid #555; padding: 2pt 5pt; text-align: left; }}
table.plain th, table.plain td {{ border: none; }}
pre {{ font: 9pt "Liberation Mono"; background: #f2f2f2; padding: 6pt; }}
figure {{ text-align: center; margin: 8pt 0; }} img {{ width: 62%; }}
figcaption, caption {{ font-size: 9pt; }}
.columns {{ columns: {content.columns}; column-gap: 8mm; }}
.break {{ break-after: page; }} .note {{ font-size: 9pt; text-indent: 0; }}
.mark {{ position: fixed; top: 40%; left: 20%; font-size: 90pt; color: #ddd;
  transform: rotate(-40deg); z-index: -1; }}
.toc p {{ display: flex; text-indent: 0; margin: 2pt 0; }}
.toc .lead {{ flex: 1; overflow: hidden; white-space: nowrap; }}
</style></head><body>{mark}<h1>{escape(content.title)}</h1>{_contents(content, pages or {})}
<div class="columns">{body_html(content)}</div></body></html>"""


def _contents(content: Content, pages: Mapping[str, int]) -> str:
    if not content.contents:
        return ""
    lines = "".join(
        f'<p style="margin-left:{piece.level - 1}em"><span>{escape(piece.text)}</span>'
        f'<span class="lead">{"." * 150}</span><span>{pages.get(piece.text, 1)}</span></p>'
        for piece in content.pieces
        if isinstance(piece, Heading) and piece.level <= 3
    )
    return f'<div class="toc break"><p><b>{escape(content.contents)}</b></p>{lines}</div>'


def web_page(content: Content) -> str:
    """A page as sites serve it: menu, notice, side bar, footer."""
    menu = content.boilerplate
    items = "".join(
        f'<li><a href="/{n}">{escape(text)}</a></li>' for n, text in enumerate(menu[:4])
    )
    return f"""<!DOCTYPE html>
<html lang="{content.language}"><head><meta charset="utf-8"><title>{escape(content.title)}</title>
<style>body {{ font-family: sans-serif }} .ad {{ float: right }}</style>
<script>window.data = {{"page": 17}};</script></head>
<body><header><nav><ul>{items}</ul></nav></header>
<div class="cookie-banner" role="dialog">{escape(menu[4])}</div>
<div id="wrap"><main><article><h1>{escape(content.title)}</h1>
{body_html(content)}
</article></main>
<aside class="sidebar related"><p><a href="/x">{escape(menu[5])}</a></p></aside></div>
<div class="share-buttons"><a href="#">{escape(menu[7])}</a></div>
<footer><p>{escape(menu[6])}</p><form><label>{escape(menu[8])}</label><input name="mail"></form>
</footer></body></html>"""


def soup_page(content: Content, around: tuple[str, ...]) -> str:
    """A page of an old site: everything in div, nothing says which is the content."""
    menu = "".join(f'<div class="mi"><a href="/{n}">{escape(text)}</a></div>'
                   for n, text in enumerate(around[:4]))  # fmt: skip
    links = "".join(f'<a href="/r{n}">{escape(text)}</a> | ' for n, text in enumerate(around[5:6]))
    return f"""<html><head><meta charset="utf-8"><title>{escape(content.title)}</title></head>
<body><div id="top"><div class="menu">{menu}</div></div>
<div class="notice">{escape(around[4])}</div>
<table width="100%"><tr><td width="160"><div class="box">{links}</div></td>
<td><div class="txt"><h1>{escape(content.title)}</h1>{body_html(content)}</div></td></tr></table>
<div id="bottom"><div>{escape(around[6])}</div>
<div>{escape(around[7])} {escape(around[8])}</div></div>
</body></html>"""
