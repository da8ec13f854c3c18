"""The look of an HTML report: light and dark, screen and paper, wide and narrow."""

from __future__ import annotations

STYLESHEET = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f5f6f8; --ink: #1b1f24; --soft: #5b6470;
  --line: #dfe3e8; --best: #0a6b52; --best-ground: #e3f4ee; --bar: #a9b7cc;
  --top: #3aa888; --mark: #1b1f24;
  --c0: #0a6b52; --c1: #b4510a; --c2: #3f5fb5; --c3: #a1306e;
  --c4: #6b7a10; --c5: #7a4ab8; --c6: #00799a; --c7: #8a4a3a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --raised: #1d2228; --ink: #e6e9ed; --soft: #9aa4b1;
    --line: #323942; --best: #62d1ac; --best-ground: #17342c; --bar: #4b5a70;
    --top: #2c8f71; --mark: #e6e9ed;
    --c0: #62d1ac; --c1: #f0a35e; --c2: #8fa9f2; --c3: #ec8cbf;
    --c4: #bfcf5a; --c5: #c3a0f0; --c6: #5cc4e6; --c7: #d9a495;
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
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 44px 0 6px; }
p { margin: 0 0 12px; max-width: 72ch; }
.facts, .note { color: var(--soft); font-size: .9rem; }
.headline {
  font-size: 1.1rem; margin: 20px 0 0; padding: 14px 18px; max-width: none;
  background: var(--raised); border-left: 4px solid var(--best); border-radius: 4px;
}
.scroll { overflow-x: auto; margin: 10px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; }
th, td { padding: 7px 14px; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 500; }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--ground); }
td { white-space: nowrap; }
td.best { background: var(--best-ground); color: var(--best); font-weight: 700; }
.charts { display: grid; gap: 12px 28px; margin: 12px 0;
  grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); }
figure { margin: 0; max-width: 440px; break-inside: avoid; }
figcaption { font-weight: 600; font-size: .93rem; margin-bottom: 4px; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif;
  fill: var(--ink); font-variant-numeric: tabular-nums; }
svg .soft { fill: var(--soft); }
svg .bar { fill: var(--bar); }
svg .bar.best { fill: var(--top); }
svg .track { fill: var(--raised); }
svg .whisker { stroke: var(--mark); stroke-width: 1.5; fill: none; }
svg .grid { stroke: var(--line); fill: none; }
.curve { fill: var(--own); }
.curve path { stroke: var(--own); stroke-width: 1.8; fill: none; }
.dash1 path { stroke-dasharray: 5 3; }
.c0 { --own: var(--c0); } .c1 { --own: var(--c1); }
.c2 { --own: var(--c2); } .c3 { --own: var(--c3); }
.c4 { --own: var(--c4); } .c5 { --own: var(--c5); }
.c6 { --own: var(--c6); } .c7 { --own: var(--c7); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 12px 0;
  padding: 0; font-size: .9rem; }
.legend svg { display: inline-block; width: 36px; vertical-align: middle; margin-right: 7px; }
figcaption .unit { font-weight: 400; color: var(--soft); margin-left: 8px; }
.miss { padding: 14px 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.miss .query { font-weight: 600; margin: 0 0 4px; max-width: none; overflow-wrap: anywhere; }
dl { margin: 0; display: grid; grid-template-columns: 7.5em minmax(0, 1fr); gap: 2px 14px;
  font-size: .93rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
dd ol, dd ul { margin: 0; padding-left: 1.3em; }
.settings { grid-template-columns: minmax(8em, 18em) minmax(0, 1fr); }
pre { background: var(--raised); padding: 12px 16px; border-radius: 4px; font-size: .88rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 560px) {
  main { padding: 20px 16px 48px; }
  th, td { padding: 6px 9px; }
  dl, .settings { grid-template-columns: 1fr; gap: 0; }
  dt { margin-top: 6px; }
}
@media print {
  :root { --ground: #fff; --raised: #f3f4f6; --ink: #000; --soft: #444; --line: #bbb;
    --best: #0a6b52; --best-ground: #e3f4ee; --bar: #a9b7cc; --top: #3aa888; --mark: #000;
    --c0: #0a6b52; --c1: #b4510a; --c2: #3f5fb5; --c3: #a1306e;
    --c4: #6b7a10; --c5: #7a4ab8; --c6: #00799a; --c7: #8a4a3a; }
  body { font-size: 11pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  .scroll { overflow: visible; }
}
"""
