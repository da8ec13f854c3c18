"""A neighbourhood as one HTML page: the picture, what the texts say, and where they say it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from api.drawing.lettering import escaped
from api.drawing.svg import Drawing
from api.places import place_of
from index.graph.contract import TOGETHER, Entity
from index.graph.pipeline import CitedSentence, Link, Neighbourhood

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--raised:#f5f6f8;--ink:#1b1f24;--soft:#5b6470;
--line:#dfe3e8;--mark:#1d4ed8}
@media(prefers-color-scheme:dark){:root{--paper:#14171b;--raised:#1d2228;--ink:#e6e9ed;
--soft:#9aa4b1;--line:#323942;--mark:#7aa5ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,
"Segoe UI","Noto Sans","PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 64px}
h1{font-size:1.6rem;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:36px 0 6px}
p{margin:4px 0 0;max-width:80ch;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:.9rem}
.picture{margin:18px 0 0;overflow-x:auto;border:1px solid var(--line);border-radius:8px}
.picture svg{display:block;margin:0 auto;max-width:100%;height:auto;min-width:min(100%,560px)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{padding:8px 14px 8px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:500;white-space:nowrap}
tbody th{font-weight:600;min-width:9em}
td.kind{color:var(--mark);min-width:6em}
td.number{text-align:right;font-variant-numeric:tabular-nums}
q{quotes:none}
cite{display:block;color:var(--soft);font-style:normal;font-size:.85rem}
.picture.at .node,.picture.at .edge,.picture.at .kind{opacity:.16}
.picture.at .on{opacity:1}
tr.off{display:none}
"""

_SCRIPT = """
const picture=document.querySelector(".picture"),rows=[...document.querySelectorAll("tr[data-a]")];
const edges=[...picture.querySelectorAll(".edge")],nodes=[...picture.querySelectorAll(".node")];
let held=null;
function show(n){
  picture.classList.toggle("at",n!==null);
  const near=new Set([n]);
  for(const e of edges){
    const on=n!==null&&(e.dataset.a===n||e.dataset.b===n);
    e.classList.toggle("on",on);
    if(on){near.add(e.dataset.a);near.add(e.dataset.b);}
  }
  for(const v of nodes)v.classList.toggle("on",near.has(v.dataset.n));
}
function hold(n){
  held=held===n?null:n;
  for(const r of rows)r.classList.toggle("off",held!==null&&r.dataset.a!==held&&r.dataset.b!==held);
  show(held);
}
for(const v of nodes){
  v.addEventListener("mouseenter",()=>show(v.dataset.n));
  v.addEventListener("mouseleave",()=>show(held));
  v.addEventListener("click",e=>{hold(v.dataset.n);e.stopPropagation();});
}
picture.addEventListener("click",()=>{held=null;hold(null);});
"""


def page_of(neighbourhood: Neighbourhood, drawing: Drawing, links: Sequence[Link]) -> str:
    """The page; `links` are the relations to be told, in their order."""
    entity = neighbourhood.members[0].entity
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{page_policy()}">',
            f"<title>{escaped(entity.name)}</title>",
            f"<style>{_STYLE}</style></head>",
            f"<body><main>{_head(entity)}",
            f'<div class="picture">{drawing.svg}</div>',
            f'<p class="soft">{_caption(neighbourhood, drawing)}</p>',
            *_table(neighbourhood, links),
            f"</main><script>{_SCRIPT}</script></body>",
            "</html>",
            "",
        )
    )


def page_policy() -> str:
    """What the page may do, as a Content-Security-Policy: run its own script, and load nothing."""
    seal = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{seal}'"


def _head(entity: Entity) -> str:
    passages = "1 passage" if entity.chunks == 1 else f"{entity.chunks:,} passages"
    facts = [entity.type.value, f"named in {passages}", f"authority {entity.authority:.2f}"]
    if entity.aliases:
        facts.append(f"also {', '.join(entity.aliases)}")
    description = f"<p>{escaped(entity.description)}</p>" if entity.description else ""
    told = f'<p class="soft">{escaped("; ".join(facts))}</p>'
    return f"<h1>{escaped(entity.name)}</h1>{told}{description}"


def _caption(neighbourhood: Neighbourhood, drawing: Drawing) -> str:
    told = (
        f"The {len(neighbourhood.members) - 1} entities nearest to it. Discs grow with authority, "
        "lines with the weight of what they stand for; arrows and words are what texts state."
    )
    if drawing.left_out:
        told += f" {drawing.left_out} lighter connections are left out of the picture."
    return f"{told} Click an entity to see what is said of it alone."


def _table(neighbourhood: Neighbourhood, links: Sequence[Link]) -> Iterable[str]:
    places = {one.entity.id: place for place, one in enumerate(neighbourhood.members)}
    names = {one.entity.id: one.entity.name for one in neighbourhood.members}
    yield "<h2>Relations</h2>"
    if not links:
        yield "<p>None are known.</p>"
        return
    yield (
        '<div class="scroll"><table><thead><tr><th scope="col">Entity</th><th scope="col">Relation'
        '</th><th scope="col">Entity</th><th scope="col">Sentence</th><th scope="col">Weight</th>'
        "</tr></thead><tbody>"
    )
    for link in links:
        relation = link.relation
        kind = "named together" if relation.kind == TOGETHER else relation.kind
        said = "".join(map(_quoted, link.quotes))
        if relation.description:
            said = f"<p>{escaped(relation.description)}</p>{said}"
        yield (
            f'<tr data-a="{places[relation.head]}" data-b="{places[relation.tail]}">'
            f'<th scope="row">{escaped(names[relation.head])}</th>'
            f'<td class="kind">{escaped(kind)}</td>'
            f"<td>{escaped(names[relation.tail])}</td><td>{said}</td>"
            f'<td class="number">{relation.weight:.2f}</td></tr>'
        )
    yield "</tbody></table></div>"


def _quoted(quote: CitedSentence) -> str:
    return f"<q>{escaped(quote.sentence)}</q><cite>{escaped(place_of(quote.chunk))}</cite>"
