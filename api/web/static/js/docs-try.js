/** A form that sends a request of a route to this server, and shows what comes back. */
import { Problem, respond } from "./api.js";
import { problemBox } from "./dialog.js";
import { button, chooser, field, fill, h } from "./dom.js";
import { exampleOf, resolved } from "./docs-schema.js";
import { number, t } from "./language.js";

const LONGEST = 60_000;

/** @param {any} spec @param {{path: string, method: string, parameters: any[], content: any}} route */
export function tryForm(spec, { path, method, parameters, content }) {
  const inputs = parameters.filter((one) => one.in === "path" || one.in === "query").map((one) => ({ ...one, input: inputOf(spec, one) }));
  const body = bodyOf(spec, content);
  const result = h("div", { class: "result", "aria-live": "polite" });
  const stop = { now: null };
  const submit = async (event) => {
    event.preventDefault();
    stop.now?.abort();
    stop.now = new AbortController();
    fill(result, h("p", { class: "waiting" }, h("span", { class: "spinner" }), t("loading")));
    try {
      const start = performance.now();
      const response = await respond(method.toUpperCase(), address(path, inputs), { body: body.value(), signal: stop.now.signal, accept: "*/*" });
      await show(result, response, performance.now() - start);
    } catch (error) {
      if (error.name !== "AbortError") fill(result, problemBox(error instanceof Problem ? error : new Problem(422, { detail: error.message })));
    }
  };
  return h(
    "details",
    { class: "try" },
    h("summary", {}, t("docs.try")),
    h("form", { on: { submit } }, h("div", { class: "fields" }, inputs.map((one) => field(one.name, one.input))), body.element, h("div", { class: "actions" }, button(t("docs.send"), null, { kind: "primary", type: "submit" })), result),
  );
}

function inputOf(spec, { schema, required, example, examples }) {
  const one = resolved(spec, schema ?? {});
  const choices = one.enum ?? one.anyOf?.map((part) => resolved(spec, part)).find((part) => part.enum)?.enum;
  if (choices) return h("select", { value: one.default ?? "" }, !required && h("option", { value: "" }, "—"), choices.map((value) => h("option", {}, value)));
  const given = example ?? one.examples?.[0] ?? Object.values(examples ?? {})[0]?.value;
  return h("input", { type: "text", required, value: required ? (given ?? "") : "", placeholder: one.default === undefined ? "" : String(one.default) });
}

function address(path, inputs) {
  let made = path;
  const query = new URLSearchParams();
  for (const { name, in: place, input } of inputs) {
    if (place === "path") made = made.replace(`{${name}}`, input.value.split("/").map(encodeURIComponent).join("/"));
    else if (input.value) query.set(name, input.value);
  }
  return query.size ? `${made}?${query}` : made;
}

/** What takes the body: an editor with the example, or a chooser of files. */
function bodyOf(spec, content) {
  if (content["multipart/form-data"]) {
    const files = h("input", { type: "file", multiple: true });
    const value = () => {
      const form = new FormData();
      for (const file of files.files) form.append("files", file, file.name);
      return form;
    };
    return { element: h("div", { class: "field" }, chooser(files, t("upload.files"))), value };
  }
  const schema = content["application/json"]?.schema;
  if (!schema) return { element: null, value: () => undefined };
  const text = JSON.stringify(exampleOf(spec, schema), null, 2);
  const editor = h("textarea", { class: "code", rows: Math.min(text.split("\n").length + 1, 16), spellcheck: "false", value: text });
  return { element: field(t("docs.body"), editor), value: () => JSON.parse(editor.value) };
}

async function show(place, response, ms) {
  const type = response.headers.get("Content-Type") ?? "";
  const told = h("p", { class: "soft small" }, t("docs.took", { status: response.status, ms: number(ms) }), type && ` · ${type}`);
  const text = h("pre", { class: "code", tabindex: "0" });
  fill(place, told, text);
  if (type.startsWith("text/event-stream")) {
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) text.append(part);
  } else if (/^image\/(png|jpeg)/.test(type)) {
    text.replaceWith(h("img", { class: "page", src: URL.createObjectURL(await response.blob()), alt: "" }));
  } else if (/json|text|xml/.test(type)) {
    const raw = await response.text();
    const whole = /json/.test(type) ? JSON.stringify(JSON.parse(raw), null, 2) : raw;
    text.append(whole.length > LONGEST ? `${whole.slice(0, LONGEST)}\n…` : whole);
  } else {
    const size = (await response.blob()).size;
    text.replaceWith(h("p", {}, `${number(size)} bytes`));
  }
}
