/** The frame: brand, chooser of the collection, ways through, language, theme and key. */
import { button, fill, h, icon } from "./dom.js";
import { askForKey, key } from "./key.js";
import { keep, language, setLanguage, t } from "./language.js";

const WAYS = ["ask", "search", "documents", "graph", "evaluation"];
const THEMES = ["auto", "light", "dark"];

/**
 * Draws the frame and returns its `main`.
 * @param {HTMLElement} app
 * @param {{view: string, collection: string}} place
 * @param {string} current the collection chosen, or chosen last
 * @param {string[]} names every collection known
 */
export function drawShell(app, place, current, names) {
  const main = h("main", { id: "main", tabindex: "-1" });
  const ways = WAYS.map((view) => way(view, current && `#/c/${encodeURIComponent(current)}/${view}`, place));
  fill(
    app,
    button(t("skip"), () => main.focus(), { kind: "skip" }),
    h(
      "header",
      { class: "side" },
      h("a", { class: "brand", href: "#/", "aria-label": t("home") }, mark(), h("span", {}, "Braid")),
      chooser(place, current, names),
      current && h("nav", { class: "ways", "aria-label": t("nav.main") }, ways),
      h(
        "nav",
        { class: "ways more", "aria-label": t("nav.service") },
        way("collections", "#/", place),
        way("status", "#/status", place),
        h("a", { href: "/docs", class: "way" }, icon("api"), h("span", {}, t("nav.api"))),
      ),
      h("div", { class: "settings" }, languageButton(), themeButton(), keyButton()),
    ),
    main,
  );
  return main;
}

function way(view, address, place) {
  return h(
    "a",
    { class: "way", href: address || "#/", "aria-current": place.view === view ? "page" : null },
    icon(view),
    h("span", {}, t(`nav.${view}`)),
  );
}

function mark() {
  return h("img", { src: "/static/icon.svg", alt: "", width: 26, height: 26 });
}

/** The chooser of the collection; `names` may come later than the frame. */
export function chooser(place, current, names) {
  const every = current && !names.includes(current) ? [current, ...names] : names;
  if (!every.length) return h("span", { class: "chooser" });
  const choose = (event) => {
    const view = WAYS.includes(place.view) ? place.view : "ask";
    location.hash = `#/c/${encodeURIComponent(event.target.value)}/${view}`;
  };
  return h(
    "label",
    { class: "chooser" },
    h("span", { class: "field-name" }, t("nav.collection")),
    h("select", { value: current, on: { change: choose } }, every.map((name) => h("option", { value: name }, name))),
  );
}

function redraw() {
  dispatchEvent(new Event("braid:redraw"));
}

export function languageButton() {
  const other = language() === "en" ? "zh-CN" : "en";
  const change = () => {
    setLanguage(other);
    redraw();
    document.querySelector(".to-language")?.focus();
  };
  return h(
    "button",
    { type: "button", class: "button bare to-language", lang: other, "aria-label": other === "en" ? "English" : "中文", on: { click: change } },
    h("span", { "aria-hidden": "true" }, other === "en" ? "EN" : "中"),
  );
}

/** Whether the page is dark now. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function themeButton() {
  const now = document.documentElement.dataset.theme ?? "auto";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  const change = () => {
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    keep("braid.theme", next);
    dispatchEvent(new Event("braid:theme"));
    const made = themeButton();
    document.querySelector(".to-theme").replaceWith(made);
    made.focus();
  };
  const shape = { auto: "auto", light: "sun", dark: "moon" }[now];
  return button("", change, { icon: shape, kind: "to-theme", label: t("theme.now", { now: t(`theme.${now}`) }) });
}

function keyButton() {
  return button("", () => askForKey(), { icon: "key", kind: key() ? "has-key" : "", label: key() ? t("key.change") : t("key.give") });
}

/** The head of a view: its name, what stands beside it, and a line of explanation. */
export function head(title, line = "", ...beside) {
  return h("div", { class: "head" }, h("div", {}, h("h1", { tabindex: "-1" }, title), line && h("p", { class: "soft" }, line)), beside.length > 0 && h("div", { class: "actions" }, beside));
}
