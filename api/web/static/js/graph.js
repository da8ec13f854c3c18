/** The entity graph: looking for a name, what is near it, and what the texts say of it. */
import { at, escaped, get, respond } from "./api.js";
import { shown, waiting } from "./dialog.js";
import { button, fill, h, icon } from "./dom.js";
import { named, number, t } from "./language.js";
import { whereLine } from "./search.js";
import { head, isDark } from "./shell.js";
import { openSource } from "./source.js";

const NEAR = 24;
const TOLD = 24;

/** @param {HTMLElement} main @param {{collection: string, rest: string, query: URLSearchParams, signal: AbortSignal}} view */
export function showGraph(main, view) {
  const { collection, rest: entity, query } = view;
  const place = h("div", {}, waiting());
  const input = h("input", { type: "search", value: query.get("q") ?? "", "aria-label": t("graph.search"), placeholder: t("graph.search"), data: { search: "" }, autocomplete: "off", maxlength: 200 });
  const submit = (event) => {
    event.preventDefault();
    location.hash = `${base(collection)}?q=${encodeURIComponent(input.value.trim())}`;
  };
  const form = h("form", { class: "ask-line", role: "search", on: { submit } }, h("div", { class: "bar" }, icon("search"), input, button(t("nav.search"), null, { kind: "primary", type: "submit" })));
  fill(main, h("div", { class: "column wide" }, head(t("nav.graph")), form, place));
  const work = entity ? () => drawEntity(place, view) : query.get("q") ? () => drawFound(place, view) : () => drawWhole(place, view);
  shown(place, work, view.signal);
}

function base(collection) {
  return `#/c/${encodeURIComponent(collection)}/graph`;
}

function entityAddress(collection, id) {
  return `${base(collection)}/${escaped(id)}`;
}

function entityLink(collection, one) {
  return h(
    "a",
    { class: "entity", href: entityAddress(collection, one.id) },
    h("span", { class: `dot ${one.type}` }),
    h("strong", {}, one.name),
    h("span", { class: "soft small" }, named("entity", one.type), " · ", t("passages.n", { n: one.chunks })),
  );
}

async function drawFound(place, { collection, query, signal }) {
  const found = await get(`${at(collection, "graph", "entities")}?limit=40&query=${encodeURIComponent(query.get("q"))}`, { signal });
  fill(
    place,
    found.entities.length
      ? h("ul", { class: "entities" }, found.entities.map((one) => h("li", {}, entityLink(collection, one))))
      : h("p", { class: "empty" }, t("graph.none", { name: query.get("q") })),
  );
}

async function drawWhole(place, { collection, signal }) {
  const graph = at(collection, "graph");
  const [stats, top, groups] = await Promise.all([
    get(`${graph}/stats`, { signal }),
    get(`${graph}/entities?limit=24`, { signal }),
    get(`${graph}/communities?limit=30`, { signal }),
  ]);
  if (!top.entities.length) {
    fill(place, h("p", { class: "empty" }, t("graph.empty")));
    return;
  }
  const count = (key) => h("div", {}, h("dt", {}, t(`graph.${key}`)), h("dd", {}, number(stats[key])));
  fill(
    place,
    h("dl", { class: "counts" }, ["entities", "relations", "statements", "communities"].map(count)),
    stats.pending > 0 && h("p", { class: "note" }, t("graph.pending", { n: stats.pending })),
    h("section", { class: "block" }, h("h2", {}, t("graph.top")), h("ul", { class: "entities" }, top.entities.map((one) => h("li", {}, entityLink(collection, one))))),
    groups.communities.length > 0 && h("section", { class: "block" }, h("h2", {}, t("graph.communities")), h("ul", { class: "cards" }, groups.communities.map((one) => community(collection, one)))),
  );
}

function community(collection, one) {
  const members = one.entities.slice(0, 6).map((id) => h("a", { href: entityAddress(collection, id) }, id));
  return h(
    "li",
    { class: "card" },
    h("h3", {}, one.title),
    one.summary && h("p", { class: "clamp" }, one.summary),
    h("p", { class: "links small" }, members, one.size > members.length && h("span", { class: "soft" }, t("graph.others", { n: one.size - members.length }))),
  );
}

async function drawEntity(place, view) {
  const { collection, rest: id, signal } = view;
  const path = `${at(collection, "graph", "entities")}/${escaped(id)}`;
  const [entity, near, picture] = await Promise.all([
    get(`${path}?relations=0`, { signal }),
    get(`${path}/neighbours?limit=${NEAR}`, { signal }),
    respond("GET", `${path}/drawing.svg?limit=${NEAR}`, { signal, accept: "image/svg+xml" }).then((response) => response.text()),
  ]);
  const members = [entity, ...near.neighbours];
  const names = new Map(members.map((one) => [one.id, one.name]));
  const move = (n) => {
    location.hash = entityAddress(collection, members[n].id);
  };
  fill(
    place,
    h(
      "header",
      { class: "entity-head" },
      h("h2", {}, h("span", { class: `dot ${entity.type}` }), entity.name),
      h("p", { class: "soft" }, [named("entity", entity.type), t("passages.n", { n: entity.chunks }), entity.aliases.length > 0 && t("graph.also", { names: entity.aliases.join(", ") })].filter(Boolean).join(" · ")),
      entity.description && h("p", {}, entity.description),
    ),
    drawing(picture, members, move, signal),
    h("p", { class: "soft small" }, t("graph.move")),
    h("section", { class: "block" }, h("h2", {}, t("graph.said")), relations(collection, near.relations, names, entity.id)),
  );
}

/**
 * The service's picture, in a shadow of its own so that its style stays in it; what is near can be
 * pressed. Its text comes in through a parser that runs nothing.
 */
function drawing(source, members, move, signal) {
  const style = /<style>([^]*?)<\/style>/.exec(source)[1];
  const parsed = new DOMParser().parseFromString(source.replace(/<style>[^]*?<\/style>/, ""), "image/svg+xml");
  const svg = document.importNode(parsed.documentElement, true);
  const sheet = new CSSStyleSheet();
  const own = "svg{display:block;margin:auto;max-width:100%;height:auto;min-width:640px}.node{cursor:pointer;outline:none}.node:hover .name,.node:focus-visible .name{text-decoration:underline}.node:focus-visible .disc{stroke:var(--ink);stroke-width:3}";
  const dress = () => sheet.replaceSync(style.replaceAll("@media(prefers-color-scheme:dark)", isDark() ? "@media all" : "@media not all") + own);
  dress();
  addEventListener("braid:theme", dress, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress, { signal });
  for (const node of svg.querySelectorAll(".node")) {
    const n = Number(node.dataset.n);
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "link");
    node.setAttribute("aria-label", members[n].name);
    node.addEventListener("click", () => move(n));
    node.addEventListener("keydown", (event) => event.key === "Enter" && move(n));
  }
  svg.setAttribute("role", "group");
  const frame = h("div", { class: "drawing" });
  const shadow = frame.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(svg);
  // Where the picture is wider than its frame, what is asked for stands in the middle.
  const middle = () => {
    const { left, width } = svg.querySelector(".centre .disc").getBoundingClientRect();
    frame.scrollLeft += left + width / 2 - frame.getBoundingClientRect().left - frame.clientWidth / 2;
  };
  requestAnimationFrame(middle);
  return frame;
}

function relations(collection, found, names, centre) {
  const said = found.filter((one) => one.evidence.length > 0);
  if (!said.length) return h("p", { class: "empty" }, t("graph.nothing"));
  const list = h("ul", { class: "rows" });
  const add = (some) => list.append(...some.map((one) => relation(collection, one, names, centre)));
  add(said.slice(0, TOLD));
  const rest = said.slice(TOLD);
  const unfold = rest.length > 0 && button(t("more"), () => { add(rest); unfold.remove(); }, { icon: "more" });
  return [list, unfold && h("div", { class: "actions centre" }, unfold)];
}

function relation(collection, one, names, centre) {
  const end = (id) => (id === centre ? h("strong", {}, names.get(id) ?? id) : h("a", { href: entityAddress(collection, id) }, names.get(id) ?? id));
  const kind = one.kind === "together" ? t("graph.together") : one.kind;
  const sentence = (quote) =>
    h("li", {}, h("button", { type: "button", class: "link quote", on: { click: () => openSource(collection, { ...quote, quote: quote.sentence }) } }, quote.sentence), whereLine({ ...quote, title: quote.document_id }), h("span", { class: "soft small" }, quote.document_id));
  return h("li", { class: "row relation" }, h("div", { class: "grow" }, h("p", { class: "triple" }, end(one.head), h("span", { class: "chip" }, kind), end(one.tail)), one.description && h("p", {}, one.description), h("ul", { class: "plain" }, one.evidence.slice(0, 3).map(sentence))));
}

