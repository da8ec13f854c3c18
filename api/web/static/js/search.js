/** Search: passages with the words asked for marked, and why each is where it is. */
import { at, call } from "./api.js";
import { shown, waiting } from "./dialog.js";
import { button, field, fill, h, icon, put } from "./dom.js";
import { explanation, legBars } from "./explanation.js";
import { conditions } from "./filters.js";
import { number, t } from "./language.js";
import { markdown } from "./markdown.js";
import { head } from "./shell.js";
import { openSource } from "./source.js";
import { marked, pattern } from "./terms.js";

const MODES = ["mix", "naive", "local", "global", "hybrid"];
const LONG = 360;

/** @param {HTMLElement} main @param {{collection: string, query: URLSearchParams, signal: AbortSignal}} view */
export function showSearch(main, view) {
  const { collection, query: asked } = view;
  const results = h("div", { class: "results", "aria-live": "polite" });
  const input = h("input", { type: "search", value: asked.get("q") ?? "", "aria-label": t("search.query"), placeholder: t("search.placeholder"), data: { search: "" }, autocomplete: "off", maxlength: 20000 });
  const mode = h("select", { value: asked.get("mode") ?? "mix" }, MODES.map((one) => h("option", { value: one }, t(`mode.${one}`))));
  const k = h("input", { type: "number", min: 1, max: 100, value: asked.get("k") ?? "10" });
  const filter = conditions(asked.get("filter") ?? "");
  const submit = (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams();
    if (input.value.trim()) wanted.set("q", input.value.trim());
    if (mode.value !== "mix") wanted.set("mode", mode.value);
    if (k.value !== "10") wanted.set("k", k.value);
    const given = filter.text();
    if (given === null) return;
    if (given) wanted.set("filter", given);
    const address = `#/c/${encodeURIComponent(collection)}/search?${wanted}`;
    if (location.hash === address) run();
    else location.hash = address;
  };
  const options = h(
    "details",
    { class: "options", open: asked.has("filter") || asked.has("mode") || asked.has("k") },
    h("summary", {}, t("search.options")),
    h("div", { class: "fields" }, field(t("search.mode"), mode, t("search.mode.hint")), field(t("search.k"), k)),
    filter.element,
  );
  const form = h("form", { class: "ask-line", role: "search", on: { submit } }, h("div", { class: "bar" }, icon("search"), input, button(t("nav.search"), null, { kind: "primary", type: "submit" })), options);
  fill(main, h("div", { class: "column" }, head(t("nav.search")), form, results));
  const run = () => {
    if (!asked.get("q")) return;
    fill(results, waiting());
    shown(results, () => search(results, view), view.signal);
  };
  if (!asked.get("q")) fill(results, h("p", { class: "empty" }, t("search.empty")));
  run();
  if (!asked.get("q")) input.focus();
}

async function search(place, { collection, query: asked, signal }) {
  const body = { query: asked.get("q"), k: Math.min(Math.max(Number(asked.get("k") ?? 10) || 10, 1), 100), mode: asked.get("mode") ?? "mix", explain: true };
  if (asked.get("filter")) body.filter = JSON.parse(asked.get("filter"));
  const start = performance.now();
  const found = await call("POST", at(collection, "search"), { body, signal });
  const took = performance.now() - start;
  const words = pattern(found.explanation);
  const best = bestOfLegs(found.hits);
  fill(
    place,
    !found.relevant && found.hits.length > 0 && h("p", { class: "note warn" }, icon("warning"), h("span", {}, t("search.irrelevant"))),
    found.notes.map((note) => h("p", { class: "note" }, note)),
    found.themes.length > 0 && themes(found),
    found.hits.length > 0
      ? h("p", { class: "soft small count" }, t("search.found", { n: found.hits.length, ms: number(took) }))
      : h("p", { class: "empty" }, t("search.nothing")),
    h("ol", { class: "hits" }, found.hits.map((hit) => hitCard(collection, hit, words, best))),
    found.explanation && explanation(found.explanation),
  );
}

/** The best score of each leg among the hits: what its bars are measured by. */
function bestOfLegs(hits) {
  const best = {};
  for (const hit of hits) {
    for (const [name, leg] of Object.entries(hit.legs ?? {})) best[name] = Math.max(best[name] ?? 0, Math.abs(leg.score ?? 0));
  }
  return best;
}

function hitCard(collection, hit, words, best) {
  const wrap = (node, _, isText) => (isText && words ? put(document.createDocumentFragment(), marked(node.textContent, words)) : node);
  const isLong = hit.text.length > LONG;
  const body = h("div", { class: `hit-text markdown ${isLong ? "folded" : ""}` }, markdown(hit.text, { wrap }));
  const unfold = isLong && button(t("hit.whole"), () => { body.classList.remove("folded"); unfold.remove(); }, { kind: "link" });
  const open = () => openSource(collection, { ...hit, quote: "" }, hit.text);
  return h(
    "li",
    { class: "hit", data: { chunk: hit.chunk_id } },
    h(
      "div",
      { class: "hit-head" },
      h("button", { type: "button", class: "link strong", on: { click: open } }, hit.title || hit.document_id),
      h("span", { class: "score", title: t("hit.score") }, number(hit.score, hit.score < 10 ? 2 : 1)),
    ),
    whereLine(hit),
    body,
    unfold,
    hit.copies.length > 0 && h("p", { class: "soft small" }, t("hit.copies", { n: hit.copies.length })),
    hit.legs && h("details", { class: "why" }, h("summary", {}, t("hit.why")), legBars(hit.legs, best)),
  );
}

/** Where a passage stands: document, headings, pages. */
export function whereLine(one) {
  const path = one.heading_path ?? [];
  return h(
    "p",
    { class: "where" },
    one.title && one.title !== one.document_id && h("span", { class: "part" }, one.document_id),
    path.length > 0 && h("span", { class: "part" }, path.join(" › ")),
    one.pages && h("span", { class: "part" }, pagesOf(one.pages)),
  );
}

export function pagesOf([from, to]) {
  return from === to ? t("page.one", { page: from }) : t("page.span", { from, to });
}

function themes(found) {
  return h(
    "section",
    { class: "block" },
    h("h2", {}, t("search.themes")),
    found.overview && h("p", {}, found.overview),
    h("ul", { class: "plain" }, found.themes.map((theme) => h("li", {}, h("strong", {}, theme.title), " ", h("span", { class: "soft" }, t("documents.n", { n: theme.documents })), h("p", {}, theme.answer || theme.summary.map((one) => one.sentence).join(" "))))),
  );
}
