/** Every collection: counts, making and deleting, and those that cannot be opened. */
import { at, call, get } from "./api.js";
import { confirmed, openDialog, problemBox, say, shown, waiting } from "./dialog.js";
import { button, field, fill, h, icon } from "./dom.js";
import { number, t } from "./language.js";
import { head } from "./shell.js";

/**
 * @param {HTMLElement} main @param {{signal: AbortSignal}} view
 * @param {(list: any) => Promise<boolean>} known is told of the list
 */
export function showCollections(main, view, known) {
  const list = h("div", {}, waiting());
  const load = () =>
    shown(list, async () => {
      const found = await get("/v1/collections", { signal: view.signal });
      if (await known(found)) {
        dispatchEvent(new Event("braid:redraw"));
        return;
      }
      fill(list, found.collections.length ? grid(found.collections, load) : none(load), unopened(found.unopened));
    }, view.signal);
  const fresh = button(t("collections.new"), () => create(load), { icon: "plus", kind: "primary" });
  fill(main, h("div", { class: "column wide" }, head(t("nav.collections"), t("collections.line"), fresh), list));
  load();
}

function grid(collections, reload) {
  return h("ul", { class: "cards" }, collections.map((one) => card(one, reload)));
}

function card(one, reload) {
  const path = `#/c/${encodeURIComponent(one.name)}`;
  const count = (key, n) => h("div", {}, h("dt", {}, t(`collections.${key}`)), h("dd", {}, number(n)));
  return h(
    "li",
    { class: "card" },
    h(
      "div",
      { class: "card-head" },
      h("h2", {}, h("a", { href: `${path}/ask` }, one.name)),
      button("", () => remove(one.name, reload), { icon: "trash", label: t("collections.delete", { name: one.name }) }),
    ),
    h("dl", { class: "counts" }, count("documents", one.documents), count("chunks", one.chunks)),
    h(
      "p",
      { class: "links" },
      h("a", { href: `${path}/ask` }, t("nav.ask")),
      h("a", { href: `${path}/search` }, t("nav.search")),
      h("a", { href: `${path}/documents` }, t("nav.documents")),
    ),
  );
}

function none(reload) {
  return h("div", { class: "empty" }, h("p", {}, t("collections.none")), button(t("collections.first"), () => create(reload), { icon: "plus", kind: "primary" }));
}

function unopened(found) {
  if (!found.length) return null;
  return h(
    "section",
    { class: "block" },
    h("h2", {}, t("collections.unopened")),
    h("ul", { class: "rows" }, found.map((one) => h("li", { class: "row" }, icon("warning"), h("div", { class: "grow" }, h("strong", {}, one.name), h("p", { class: "soft" }, one.reason))))),
  );
}

function create(reload) {
  const input = h("input", { type: "text", required: true, maxlength: 64, autocomplete: "off", autofocus: true });
  const fault = h("div");
  const submit = async (event) => {
    event.preventDefault();
    try {
      const made = await call("POST", "/v1/collections", { body: { name: input.value.trim() } });
      dialog.close();
      say(t("collections.made", { name: made.name }));
      location.hash = `#/c/${encodeURIComponent(made.name)}/documents`;
      dispatchEvent(new Event("braid:names"));
    } catch (error) {
      fill(fault, problemBox(error));
    }
  };
  const form = h(
    "form",
    { on: { submit } },
    field(t("collections.name"), input, t("collections.name.hint")),
    fault,
    h("div", { class: "actions" }, button(t("cancel"), () => dialog.close()), button(t("create"), null, { kind: "primary", type: "submit" })),
  );
  const dialog = openDialog(t("collections.new"), form, { closed: reload });
}

async function remove(name, reload) {
  if (!(await confirmed(t("collections.delete", { name }), t("collections.delete.text"), t("delete"), name))) return;
  try {
    await call("DELETE", at(name));
    say(t("collections.gone", { name }));
    reload();
  } catch (error) {
    openDialog(t("collections.delete", { name }), problemBox(error));
  }
}
