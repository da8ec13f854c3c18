/**
 * Where a passage comes from: the image of its page with the passage marked, or, where a document
 * has no pages, its text with what stands around it. Opens at the side.
 */
import { Problem, at, blobAddress, download, escaped, find } from "./api.js";
import { openDialog, problemBox, shown, waiting } from "./dialog.js";
import { button, fill, h } from "./dom.js";
import { t } from "./language.js";
import { markdown } from "./markdown.js";
import { whereLine } from "./search.js";
import { placeOf } from "./terms.js";

const AROUND = 2;
const DPI = 144;

/**
 * @typedef {{document_id: string, title?: string, chunk_id?: string, heading_path?: string[],
 *   pages?: number[] | null, quote?: string, support?: number, page_count?: number}} Source
 * @param {string} collection @param {Source} source
 * @param {string} [text] of the passage, where it is known already
 */
export function openSource(collection, source, text = "") {
  const leaving = new AbortController();
  const place = h("div", { class: "source" }, waiting());
  const shownAddresses = [];
  const save = async () => {
    try {
      await download(`${at(collection, "original")}?document=${encodeURIComponent(source.document_id)}`, source.document_id.split("/").pop());
    } catch (error) {
      openDialog(t("source.download"), problemBox(error));
    }
  };
  const top = h("div", { class: "source-head" }, whereLine(source), button("", save, { icon: "download", label: t("source.download") }));
  openDialog(source.title || source.document_id, [top, place], {
    kind: "panel",
    closed: () => {
      leaving.abort();
      shownAddresses.forEach((one) => URL.revokeObjectURL(one));
    },
  });
  const view = { collection, source, text, place, signal: leaving.signal, addresses: shownAddresses };
  shown(place, () => draw(view), leaving.signal);
}

async function draw(view) {
  const { collection, source, place, signal } = view;
  const page = source.pages?.[0] ?? (source.page_count > 0 ? 1 : 0);
  const textPlace = h("div");
  const pagePlace = h("div");
  fill(place, page > 0 && fill(pagePlace, waiting()), textPlace);
  if (page > 0) {
    view.last = source.page_count ?? (await lastPage(collection, source, signal));
    await drawPage(view, page, pagePlace);
  }
  await (source.chunk_id ? drawPassage(view, textPlace) : drawDocument(view, textPlace, page > 0));
}

async function lastPage(collection, source, signal) {
  const found = await find(at(collection, "documents", escaped(source.document_id)), { signal });
  return found?.page_count ?? 0;
}

function pageAddress({ collection, source }, page) {
  const isOwn = source.chunk_id && source.pages && page >= source.pages[0] && page <= source.pages[1];
  if (isOwn) return `${at(collection, "chunks", encodeURIComponent(source.chunk_id), "pages", page)}?dpi=${DPI}`;
  return `${at(collection, "pages")}?document=${encodeURIComponent(source.document_id)}&page=${page}&dpi=${DPI}`;
}

async function drawPage(view, page, place) {
  const { source, signal, last } = view;
  const isOwn = source.pages && page >= source.pages[0] && page <= source.pages[1];
  const turn = (to) => async () => {
    await shown(place, () => drawPage(view, to, place), signal);
    place.querySelector(to < page ? ".earlier" : ".later")?.focus();
  };
  let picture;
  try {
    const address = await blobAddress(pageAddress(view, page), { signal });
    view.addresses.push(address);
    picture = h("img", { class: "page", src: address, alt: t(isOwn && source.chunk_id ? "source.marked" : "source.page", { page }) });
    await picture.decode();
  } catch (error) {
    if (!(error instanceof Problem) || ![404, 409, 422].includes(error.status)) throw error;
    picture = h("p", { class: "note" }, t("source.nopage"), " ", error.detail);
  }
  fill(
    place,
    h(
      "div",
      { class: "page-turn" },
      button("", turn(page - 1), { icon: "left", label: t("source.earlier"), kind: "earlier", disabled: page <= 1 }),
      h("span", { "aria-live": "polite" }, last ? t("source.of", { page, last }) : t("page.one", { page })),
      button("", turn(page + 1), { icon: "right", label: t("source.later"), kind: "later", disabled: Boolean(last) && page >= last }),
    ),
    h("div", { class: "page-frame" }, picture),
  );
}

/** The text of a passage with its quote marked, between those before and after. */
async function drawPassage(view, place) {
  const { collection, source, signal } = view;
  const path = `${at(collection, "chunks", encodeURIComponent(source.chunk_id))}?context=${AROUND}`;
  const found = await find(path, { signal });
  const own = found?.text ?? view.text;
  const before = listOf(found?.before);
  const after = listOf(found?.after);
  const near = (one) => h("div", { class: "near markdown" }, markdown(one.text));
  fill(
    place,
    h("h3", {}, t("source.passage")),
    before.map(near),
    own || source.quote ? ownPassage(own || source.quote, source.quote ?? "") : h("p", { class: "note" }, t("source.gone")),
    after.map(near),
  );
}

/** A passage with the quote in it marked. */
function ownPassage(text, quote) {
  const place = placeOf(text, quote);
  const edges = place ?? [];
  const wrap = (node, at, isText) => (isText && place && at >= place[0] && at < place[1] && node.textContent.trim() ? h("mark", {}, node) : node);
  return h("div", { class: "own markdown" }, markdown(text, { wrap, edges }));
}

function listOf(value) {
  return Array.isArray(value) ? value : [];
}

/** The passages of a document, one after the other. */
async function drawDocument(view, place, hasPages) {
  const { collection, source, signal } = view;
  const start = `${at(collection, "chunks")}?document=${encodeURIComponent(source.document_id)}&limit=20`;
  const list = h("div", { class: "passages" });
  const load = async (path) => {
    const found = await find(path, { signal });
    if (!found) {
      put404(list);
      return;
    }
    list.querySelector(".actions")?.remove();
    for (const one of found.chunks) list.append(h("section", {}, one.heading_path?.length > 0 && h("p", { class: "where" }, one.heading_path.join(" › ")), h("div", { class: "markdown" }, markdown(one.text))));
    if (found.next) list.append(h("div", { class: "actions centre" }, button(t("more"), () => shown(list, () => load(found.next), signal), { icon: "more" })));
  };
  fill(place, hasPages && h("h3", {}, t("source.text")), list);
  await load(start);
}

function put404(list) {
  fill(list, h("p", { class: "note" }, t("source.notext")));
}

