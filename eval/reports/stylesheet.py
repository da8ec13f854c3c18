"""The look of an HTML report: light and dark, screen and paper, wide and narrow."""

from __future__ import annotations

_LIGHT = """
    --ground: #ffffff; --raised: #f3f5f8; --ink: #1b1f24; --soft: #566070;
    --line: #dde2e8; --link: #0b5cad; --best: #0a6b52; --best-ground: #e3f4ee;
    --bar: #8496b3; --top: #2b9877; --mark: #1b1f24;
    --c0: #0a6b52; --c1: #b4510a; --c2: #3f5fb5; --c3: #a1306e;
    --c4: #6b7a10; --c5: #7a4ab8; --c6: #00799a; --c7: #8a4a3a;
    --s0: #2b9877; --s1: #b4510a; --s2: #3f5fb5; --s3: #a1306e;
    --s4: #7d8a1e; --s5: #7a4ab8; --s6: #5b6470;"""
_DARK = """
    --ground: #14171b; --raised: #1f242b; --ink: #e6e9ed; --soft: #a3adba;
    --line: #343c46; --link: #7db8f5; --best: #62d1ac; --best-ground: #17342c;
    --bar: #66789a; --top: #2c9a78; --mark: #e6e9ed;
    --c0: #62d1ac; --c1: #f0a35e; --c2: #8fa9f2; --c3: #ec8cbf;
    --c4: #bfcf5a; --c5: #c3a0f0; --c6: #5cc4e6; --c7: #d9a495;
    --s0: #2c9a78; --s1: #d9843b; --s2: #708ce0; --s3: #d66aa5;
    --s4: #a3b23f; --s5: #a983e0; --s6: #8d98a6;"""

STYLESHEET = (
    """
:root {
  color-scheme: light dark;"""
    + _LIGHT
    + """
}
@media (prefers-color-scheme: dark) {
  :root {"""
    + _DARK
    + """
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei",
    "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 52px 0 8px; padding-top: 12px;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 32px 0 6px; overflow-wrap: anywhere; }
p { margin: 0 0 12px; max-width: 84ch; overflow-wrap: anywhere; }
a { color: var(--link); }
.facts, .note { color: var(--soft); font-size: .9rem; }
.contents { margin: 18px 0 0; font-size: .92rem; }
.contents ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0;
  padding: 0; }
.contents a { display: inline-block; padding: 3px 0; overflow-wrap: anywhere; }
.headline {
  font-size: 1.12rem; margin: 14px 0 16px; padding: 14px 18px; max-width: none;
  background: var(--raised); border-left: 4px solid var(--best); border-radius: 4px;
}
.points { margin: 0 0 14px; padding-left: 1.3em; max-width: 90ch; overflow-wrap: anywhere; }
.points li { margin: 0 0 5px; }
.scroll { overflow-x: auto; margin: 10px 0 18px; }
.scroll:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: 7px 14px; text-align: right; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; min-width: 5em; }
thead th.words { text-align: left; }
tbody th { max-width: 17em; overflow-wrap: break-word; }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--ground); }
td { white-space: nowrap; }
td.words { white-space: normal; text-align: left; min-width: 9em; max-width: 32em;
  overflow-wrap: anywhere; }
td.best { background: var(--best-ground); color: var(--best); font-weight: 700; }
.charts { display: grid; gap: 20px 28px; margin: 12px 0 20px;
  grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); }
.charts.wide { grid-template-columns: repeat(auto-fill, minmax(min(400px, 100%), 1fr)); }
figure { margin: 0; max-width: 460px; break-inside: avoid; }
figcaption { font-weight: 600; font-size: .93rem; margin-bottom: 4px; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg.patterns { position: absolute; width: 0; height: 0; }
svg text { font: 12px system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif;
  fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .soft { fill: var(--soft); }
svg .label { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; }
svg .bar { fill: var(--bar); }
svg .bar.best { fill: var(--top); }
svg .track { fill: var(--raised); }
svg .whisker { stroke: var(--mark); stroke-width: 1.5; fill: none; }
svg .zero { stroke: var(--soft); stroke-dasharray: 3 3; fill: none; }
svg .dot { fill: var(--ground); stroke: var(--mark); stroke-width: 1.8; }
svg .dot.sure { fill: var(--mark); }
svg .grid { stroke: var(--line); fill: none; }
svg .frontier { stroke: var(--soft); stroke-width: 1.4; stroke-dasharray: 2 3; fill: none; }
svg .part { stroke: var(--ground); stroke-width: 1; }
svg .hatch { stroke: var(--ground); stroke-width: 1.6; fill: none; }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); }
.s3 { fill: var(--s3); } .s4 { fill: var(--s4); } .s5 { fill: var(--s5); }
.s6 { fill: var(--s6); }
.curve { fill: var(--own); }
.curve path { stroke: var(--own); stroke-width: 1.8; fill: none; }
.dash1 path { stroke-dasharray: 5 3; }
.c0 { --own: var(--c0); } .c1 { --own: var(--c1); }
.c2 { --own: var(--c2); } .c3 { --own: var(--c3); }
.c4 { --own: var(--c4); } .c5 { --own: var(--c5); }
.c6 { --own: var(--c6); } .c7 { --own: var(--c7); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 12px 0;
  padding: 0; font-size: .9rem; overflow-wrap: anywhere; }
.legend svg { display: inline-block; width: 36px; vertical-align: middle; margin-right: 7px; }
figcaption .unit { font-weight: 400; color: var(--soft); margin-left: 8px; }
.miss { padding: 14px 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.miss .note { margin: 0 0 6px; max-width: none; overflow-wrap: anywhere; }
.miss .query { font-weight: 600; margin: 0 0 4px; max-width: none; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 28px; font-size: .9rem; }
.sides > div { min-width: 0; overflow-wrap: anywhere; }
.sides > div:only-child { grid-column: 1 / -1; }
.sides .side { color: var(--soft); margin: 0 0 2px; }
.sides ol { margin: 0; padding-left: 1.5em; }
.sides p { margin: 0; }
dl { margin: 0; display: grid; grid-template-columns: 7.5em minmax(0, 1fr); gap: 2px 14px;
  font-size: .93rem; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
dd ol, dd ul { margin: 0; padding-left: 1.3em; }
.settings { grid-template-columns: minmax(8em, 22em) minmax(0, 1fr); margin-bottom: 14px; }
pre { background: var(--raised); padding: 12px 16px; border-radius: 4px; font-size: .88rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  main { padding: 20px 16px 48px; }
  h1 { font-size: 1.4rem; }
  h2 { margin-top: 40px; }
  th, td { padding: 6px 9px; }
  .scroll table { width: max-content; }
  tbody th { max-width: 9.5em; }
  dl, .settings, .sides { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dt, .sides .side { margin-top: 6px; }
  .contents { columns: 2; }
  .contents ul { display: block; }
  .contents a { padding: 5px 0; }
}
@page { size: A4; margin: 16mm 14mm; }
@media print {
  :root {"""
    + _LIGHT
    + """
    --ink: #000000; --soft: #3c4350; --line: #b4bac2; --link: #000000; }
  html { font-size: 10pt; }
  body { font-size: 10pt; line-height: 1.45; print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  a { text-decoration: none; }
  h1 { font-size: 18pt; }
  h2 { font-size: 13pt; margin-top: 22pt; }
  h3 { font-size: 11pt; margin-top: 14pt; }
  h2, h3, .note, figcaption, .query { break-after: avoid; }
  p, li { orphans: 3; widows: 3; }
  .scroll { overflow: visible; margin: 6pt 0 10pt; }
  .scroll.short { break-inside: avoid; }
  table { font-size: 8.2pt; width: 100%; }
  th, td { padding: 3pt 5pt; }
  thead { display: table-header-group; }
  thead th { min-width: 0; }
  td.words { min-width: 6em; }
  th:first-child { position: static; }
  tr, .headline { break-inside: avoid; }
  .legend { break-after: avoid; }
  .charts, .charts.wide { grid-template-columns: 1fr 1fr; gap: 10pt 18pt; }
  .miss { padding: 7pt 0; }
  .sides, .miss .note { font-size: 8pt; line-height: 1.35; }
  pre { border: 1px solid var(--line); }
}
"""
)
