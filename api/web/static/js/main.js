/** The application: which view an address shows, and the frame around it. */
import { Problem, get } from "./api.js";
import { problemBox } from "./dialog.js";
import { fill, h } from "./dom.js";
import { keep, kept, t } from "./language.js";
import { chooser, drawShell } from "./shell.js";
import { showAsk } from "./ask.js";
import { showCollections } from "./collections.js";
import { showDocuments } from "./documents.js";
import { showEvaluation } from "./evaluation.js";
import { showGraph } from "./graph.js";
import { showSearch } from "./search.js";
import { showStatus } from "./status.js";

const VIEWS = { ask: showAsk, search: showSearch, documents: showDocuments, graph: showGraph, evaluation: showEvaluation };
/** Ends what the view before was at. */
let leaving = new AbortController();
let first = true;
/** @type {string[]} */
let names = [];

/**
 * What an address asks for: `#/`, `#/status`, or `#/c/NAME/VIEW[/REST][?QUERY]`.
 * @returns {{view: string, collection: string, rest: string, query: URLSearchParams}}
 */
function placeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [head, name = "", view = "", ...rest] = path.split("/");
  const asked = new URLSearchParams(query);
  if (head === "c" && view in VIEWS) {
    return { view, collection: decodeURIComponent(name), rest: rest.map(decodeURIComponent).join("/"), query: asked };
  }
  return { view: head === "status" ? "status" : "collections", collection: "", rest: "", query: asked };
}

/** Draws the frame and the view anew. */
export function draw() {
  leaving.abort();
  leaving = new AbortController();
  const place = placeOf(location.hash);
  if (place.collection) keep("braid.collection", place.collection);
  const current = place.collection || kept("braid.collection") || names[0] || "";
  const main = drawShell(document.getElementById("app"), place, current, names);
  document.title = `${place.collection ? `${place.collection} · ` : ""}${t(`nav.${place.view}`)} · Braid`;
  const view = { ...place, signal: leaving.signal };
  if (place.view === "collections") showCollections(main, view, loadNames);
  else if (place.view === "status") showStatus(main, view);
  else VIEWS[place.view](main, view);
  if (!first && !main.contains(document.activeElement)) main.querySelector("h1")?.focus();
  first = false;
}

/** Loads the names for the chooser; a list that is known is not fetched again. */
async function loadNames(found) {
  const list = found ?? (await get("/v1/collections"));
  const now = list.collections.map((one) => one.name);
  const changed = now.join("\n") !== names.join("\n");
  names = now;
  if (kept("braid.collection") && !now.includes(kept("braid.collection"))) keep("braid.collection", now[0] ?? "");
  return changed;
}

async function start() {
  addEventListener("hashchange", draw);
  addEventListener("braid:redraw", draw);
  addEventListener("braid:key", draw);
  addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || busy) return;
    const field = document.querySelector("[data-search]");
    if (field) {
      event.preventDefault();
      field.focus();
    } else if (kept("braid.collection")) {
      location.hash = `#/c/${encodeURIComponent(kept("braid.collection"))}/search`;
      event.preventDefault();
    }
  });
  draw();
  if (placeOf(location.hash).view === "collections") return; // that view loads the same list
  try {
    const before = kept("braid.collection");
    await loadNames();
    const place = placeOf(location.hash);
    const current = place.collection || kept("braid.collection");
    if (current && current === (place.collection || before)) document.querySelector(".chooser").replaceWith(chooser(place, current, names));
    else draw();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    fill(document.querySelector("main"), h("div", { class: "column" }, problemBox(error, () => location.reload())));
  }
}

start();
