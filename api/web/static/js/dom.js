/** Building elements. Text is always text: nothing in this application takes markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `props` are attributes; `on` has listeners, `data` the dataset, and a function under
 * `init` gets the element. Children that are null, undefined or false are left out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, run] of Object.entries(value)) element.addEventListener(type, run);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  put(element, children);
  if (props.value !== undefined) element.value = props.value; // a select has its options by now
  return element;
}

/** Appends children, nested lists among them. */
export function put(parent, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

/** Puts children in place of what was there. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return put(parent, ...children);
}

const SHAPES = {
  ask: "M4 5h16v11H9l-5 4z M8 9h8 M8 12.500h5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z M15.5 15.5 20 20",
  documents: "M6 3h8l4 4v14H6z M14 3v4h4 M9 12h6 M9 16h6",
  graph: "M6 8.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z M18 11.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z M9 20.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z M8.4 6.700l7.2 1.7 M6.7 8.500l1.7 7 M16.3 10.900l-5.6 5.5",
  evaluation: "M4 20h16 M7 20v-6 M12 20V5 M17 20v-9",
  collections: "M4 7h6l2 2h8v10H4z M4 7V5h6l2 2",
  status: "M3 12h4l3-7 4 14 3-7h4",
  api: "M9 7l-5 5 5 5 M15 7l5 5-5 5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 2.500v2 M12 19.500v2 M2.5 12h2 M19.5 12h2 M5.3 5.300l1.4 1.4 M17.3 17.300l1.4 1.4 M18.7 5.300l-1.4 1.4 M6.7 17.300l-1.4 1.4",
  moon: "M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z",
  auto: "M12 4a8 8 0 1 0 0 16z M12 4a8 8 0 0 1 0 16",
  key: "M8 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 12h9 M17.5 12v3.5 M21 12v2.5",
  close: "M6 6l12 12 M18 6 6 18",
  up: "M12 19V5 M6 11l6-6 6 6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  upload: "M12 16V4 M7 9l5-5 5 5 M4 16v4h16v-4",
  trash: "M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13 M10.5 11v5 M13.5 11v5",
  plus: "M12 5v14 M5 12h14",
  retry: "M19 8a8 8 0 1 0 1 6 M20 4v5h-5",
  stop: "M7 7h10v10H7z",
  good: "M7 11v9H4v-9z M7 11l4-8c1.5 0 2.5 1 2.5 2.500L13 9h6l-1.5 9.500c-.2 1-.8 1.5-1.8 1.500H7",
  bad: "M17 13V4h3v9z M17 13l-4 8c-1.5 0-2.5-1-2.5-2.500L11 15H5l1.5-9.500C6.7 4.5 7.3 4 8.3 4H17",
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  download: "M12 4v12 M7 11l5 5 5-5 M4 16v4h16v-4",
  check: "M5 12.500l4.5 4.500L19 7.5",
  warning: "M12 4 2.5 20h19z M12 10v4.5 M12 17v.5",
  page: "M6 3h12v18H6z",
  text: "M5 6h14 M12 6v13",
  folder: "M3 6h7l2 2.500h9V19H3z",
  more: "M6 9.500l6 6 6-6",
};

/** An icon, for the eye alone: what it stands beside has the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon and a word, or with an icon alone and a name (`label`). */
export function button(text, run, { icon: shape, kind = "", label, ...props } = {}) {
  const names = ["button", kind, text ? "" : "bare"].filter(Boolean).join(" ");
  return h(
    "button",
    { type: "button", class: names, "aria-label": label, title: text ? null : label, on: { click: run }, ...props },
    shape && icon(shape),
    text && h("span", {}, text),
  );
}

/** A chooser of a file in the language of the page; `input` is the browser's own, kept for the keyboard. */
export function chooser(input, text) {
  const name = h("span", { class: "soft" });
  input.classList.add("unseen");
  input.addEventListener("change", () => fill(name, [...input.files].map((file) => file.name).join(", ")));
  return h("label", { class: "file" }, input, h("span", { class: "button" }, icon("upload"), text), name);
}

/** A labelled field: a name above, and what explains it below. */
export function field(name, control, hint = "") {
  return h("label", { class: "field" }, h("span", { class: "field-name" }, name), control, hint && h("small", {}, hint));
}
