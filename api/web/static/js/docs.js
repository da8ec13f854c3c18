/** The reference of the REST routes, drawn from /openapi.json. */
import { get } from "./api.js";
import { shown, waiting } from "./dialog.js";
import { fill, h } from "./dom.js";
import { t } from "./language.js";
import { markdown } from "./markdown.js";
import { schemaTable, typeOf } from "./docs-schema.js";
import { tryForm } from "./docs-try.js";
import { languageButton, themeButton } from "./shell.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** @type {any} */
let spec = null;

function draw() {
  const app = document.getElementById("app");
  const place = h("div", {}, waiting());
  const main = h("main", { id: "main", tabindex: "-1" }, place);
  document.title = `${t("docs.title")} · Braid`;
  fill(
    app,
    h(
      "header",
      { class: "reference-head" },
      h("a", { class: "brand", href: "/" }, h("img", { src: "/static/icon.svg", alt: "", width: 26, height: 26 }), h("span", {}, "Braid")),
      h("div", { class: "settings" }, h("a", { class: "button", href: "/" }, t("docs.app")), languageButton(), themeButton()),
    ),
    main,
  );
  shown(place, async () => {
    spec ??= await get("/openapi.json");
    fill(place, ...reference());
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  });
}

function reference() {
  const input = h("input", { type: "search", "aria-label": t("docs.filter"), placeholder: t("docs.filter"), data: { search: "" } });
  const routes = h("div", { class: "routes" });
  const list = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const groups = byTag(words);
    fill(routes, groups.size ? [...groups].map(([tag, found]) => h("section", { class: "block", id: tag }, h("h2", {}, tag), found.map(route))) : h("p", { class: "empty" }, t("docs.none")));
  };
  input.addEventListener("input", list);
  list();
  return [
    h("div", { class: "head" }, h("div", {}, h("h1", { tabindex: "-1" }, t("docs.title")), h("p", { class: "soft" }, `${spec.info.title} ${spec.info.version} · ${t("docs.line")}`))),
    h("div", { class: "markdown" }, markdown(spec.info.description.trim())),
    h("div", { class: "ask-line" }, h("div", { class: "bar" }, input)),
    routes,
  ];
}

/** Operations by tag, those that have all of the words. */
function byTag(words) {
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((one) => item[one])) {
      const operation = item[method];
      const told = `${method} ${path} ${operation.summary ?? ""} ${operation.description ?? ""}`.toLowerCase();
      if (!words.every((word) => told.includes(word))) continue;
      const tag = operation.tags?.[0] ?? "service";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push({ path, method, operation, parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])] });
    }
  }
  return groups;
}

function route(one) {
  const { path, method, operation } = one;
  const body = h("div", { class: "route-body" });
  const details = h(
    "details",
    { class: "route", id: `${method}-${path}` },
    h("summary", {}, h("span", { class: `verb ${method}` }, method.toUpperCase()), h("code", {}, path), h("span", { class: "soft" }, operation.summary ?? "")),
    body,
  );
  details.addEventListener("toggle", () => {
    if (details.open && !body.hasChildNodes()) drawRoute(body, one);
  });
  return details;
}

function drawRoute(place, { path, method, operation, parameters }) {
  const content = operation.requestBody?.content ?? {};
  fill(
    place,
    operation.description && h("div", { class: "markdown" }, markdown(operation.description)),
    parameters.length > 0 && [h("h3", {}, t("docs.parameters")), parameterTable(parameters)],
    Object.entries(content).map(([media, { schema }]) => [h("h3", {}, `${t("docs.body")} · ${media}`), schemaTable(spec, schema)]),
    h("h3", {}, t("docs.responses")),
    responses(operation.responses ?? {}),
    tryForm(spec, { path, method, parameters, content }),
  );
}

function parameterTable(parameters) {
  const row = (one) =>
    h("tr", {}, h("th", { scope: "row" }, h("code", {}, one.name), one.required && h("span", { class: "chip" }, t("docs.required"))), h("td", {}, h("span", { class: "soft" }, one.in), " ", typeOf(spec, one.schema ?? {})), h("td", {}, one.description ?? ""));
  return h("div", { class: "scroll" }, h("table", {}, h("tbody", {}, parameters.map(row))));
}

function responses(found) {
  return h(
    "ul",
    { class: "plain" },
    Object.entries(found).map(([status, one]) => {
      const schema = Object.values(one.content ?? {})[0]?.schema;
      const told = [h("span", { class: `chip ${status < 400 ? "ok" : "failed"}` }, status), " ", one.description];
      const isPlain = !schema || status >= 400;
      return h("li", {}, isPlain ? told : h("details", {}, h("summary", {}, told), schemaTable(spec, schema)));
    }),
  );
}

addEventListener("braid:redraw", draw);
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest?.("input, textarea, select, dialog")) return;
  event.preventDefault();
  document.querySelector("[data-search]")?.focus();
});
draw();
