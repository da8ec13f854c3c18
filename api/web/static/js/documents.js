/** The documents of a collection: handing in, what became of each, deleting. */
import { at, call, escaped, get } from "./api.js";
import { confirmed, openDialog, problemBox, say, shown, waiting } from "./dialog.js";
import { button, field, fill, h, icon } from "./dom.js";
import { jobList } from "./jobs.js";
import { named, number, t } from "./language.js";
import { head } from "./shell.js";
import { openSource } from "./source.js";
import { dropZone } from "./upload.js";

const STATES = ["", "ok", "failed", "unpacked"];
const PAGE = 50;

/** @param {HTMLElement} main @param {{collection: string, query: URLSearchParams, signal: AbortSignal}} view */
export function showDocuments(main, view) {
  const { collection, signal } = view;
  const state = STATES.includes(view.query.get("state")) ? view.query.get("state") : "";
  const list = h("div", { class: "documents" }, waiting());
  const failures = h("div");
  const load = () => {
    shown(list, async () => fill(list, ...(await firstPage(collection, state, signal, load))), signal);
    if (!state) shown(failures, () => tellFailures(failures, collection, signal), signal);
  };
  const jobs = jobList(collection, signal, load);
  const tools = [button(t("documents.text"), () => addText(collection, jobs.add), { icon: "text" })];
  fill(
    main,
    h(
      "div",
      { class: "column wide" },
      head(t("nav.documents"), "", tools),
      dropZone(collection, jobs.add, signal),
      jobs.element,
      filters(collection, state),
      failures,
      list,
    ),
  );
  load();
}

function filters(collection, state) {
  return h(
    "nav",
    { class: "tabs", "aria-label": t("documents.filter") },
    STATES.map((one) =>
      h(
        "a",
        { href: `#/c/${encodeURIComponent(collection)}/documents${one && `?state=${one}`}`, "aria-current": one === state ? "true" : null },
        t(`state.${one || "all"}`),
      ),
    ),
  );
}

async function tellFailures(place, collection, signal) {
  const found = await get(`${at(collection, "documents")}?state=failed&limit=100`, { signal });
  const n = found.documents.length;
  const address = `#/c/${encodeURIComponent(collection)}/documents?state=failed`;
  fill(place, n > 0 && h("p", { class: "note warn" }, icon("warning"), h("span", {}, t("documents.failed", { n }), " ", h("a", { href: address }, t("documents.failed.show")))));
}

async function firstPage(collection, state, signal, reload) {
  const path = `${at(collection, "documents")}?limit=${PAGE}${state && `&state=${state}`}`;
  const found = await get(path, { signal });
  if (!found.documents.length) return [h("p", { class: "empty" }, t(state ? "documents.none.so" : "documents.none"))];
  const rows = h("ul", { class: "rows" }, found.documents.map((one) => row(collection, one, reload)));
  return [rows, more(collection, rows, found.next, signal, reload)];
}

function more(collection, rows, next, signal, reload) {
  if (!next) return null;
  const place = h("div", { class: "actions centre" });
  const load = async () => {
    const found = await get(next, { signal });
    const fresh = found.documents.map((one) => row(collection, one, reload));
    rows.append(...fresh);
    place.replaceWith(more(collection, rows, found.next, signal, reload) ?? "");
    fresh[0]?.querySelector("button")?.focus();
  };
  return fill(place, button(t("more"), () => shown(place, load, signal), { icon: "more" }));
}

function row(collection, one, reload) {
  const facts = [
    one.media_type && kindOf(one.media_type),
    one.page_count > 0 && t("pages.n", { n: one.page_count }),
    one.chunk_count > 0 && t("passages.n", { n: one.chunk_count }),
    one.container && t("documents.in", { name: one.container }),
  ].filter(Boolean);
  const title = one.title && one.title !== one.id ? one.title : "";
  const isStored = one.chunk_count > 0;
  const open = () => openSource(collection, { document_id: one.id, title: one.title, page_count: one.page_count });
  return h(
    "li",
    { class: "row", data: { id: one.id } },
    icon(one.state === "unpacked" ? "folder" : "documents"),
    h(
      "div",
      { class: "grow" },
      isStored ? h("button", { type: "button", class: "link strong", on: { click: open } }, one.id) : h("strong", {}, one.id),
      title && h("p", {}, title),
      h("p", { class: "soft small" }, facts.join(" · ")),
      one.state === "failed" && failure(one),
    ),
    h("span", { class: `chip ${one.state}` }, t(`state.${one.state}`)),
    button("", () => remove(collection, one.id, reload), { icon: "trash", label: t("documents.delete", { id: one.id }) }),
  );
}

function failure(one) {
  const again = one.attempts > 1 ? t("documents.attempts", { n: one.attempts }) : "";
  return h("p", { class: "fault" }, h("strong", {}, named("stage", one.stage)), " ", one.error, again && ` ${again}`);
}

/** A media type as people say it. */
export function kindOf(media) {
  const short = { "text/plain": "TXT", "text/html": "HTML", "text/markdown": "Markdown", "application/pdf": "PDF" }[media];
  if (short) return short;
  const found = /word|sheet|excel|presentation|powerpoint|epub|rtf|csv|json|zip|message|image/.exec(media)?.[0];
  return { word: "Word", sheet: "Excel", excel: "Excel", presentation: "PowerPoint", powerpoint: "PowerPoint", message: "Mail" }[found] ?? (found ?? media.split("/").pop()).toUpperCase();
}

async function remove(collection, id, reload) {
  if (!(await confirmed(t("documents.delete", { id }), t("documents.delete.text"), t("delete")))) return;
  try {
    const receipt = await call("DELETE", at(collection, "documents", escaped(id)));
    say(t("documents.gone", { id, n: number(receipt.chunks ?? 0) }));
    reload();
  } catch (error) {
    openDialog(t("documents.delete", { id }), problemBox(error));
  }
}

function addText(collection, added) {
  const id = h("input", { type: "text", required: true, maxlength: 512, autocomplete: "off", autofocus: true, placeholder: "notes/1" });
  const title = h("input", { type: "text", maxlength: 1000, autocomplete: "off" });
  const text = h("textarea", { required: true, rows: 10 });
  const fault = h("div");
  const submit = async (event) => {
    event.preventDefault();
    const documents = [{ id: id.value.trim(), title: title.value.trim(), text: text.value }];
    try {
      added(await call("POST", at(collection, "documents", "text"), { body: { documents } }));
      dialog.close();
    } catch (error) {
      fill(fault, problemBox(error));
    }
  };
  const form = h(
    "form",
    { on: { submit } },
    field(t("text.id"), id, t("text.id.hint")),
    field(t("text.title"), title),
    field(t("text.text"), text),
    fault,
    h("div", { class: "actions" }, button(t("cancel"), () => dialog.close()), button(t("add"), null, { kind: "primary", type: "submit" })),
  );
  const dialog = openDialog(t("documents.text"), form, { kind: "broad" });
}
