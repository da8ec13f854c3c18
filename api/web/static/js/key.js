/** The API key: kept for this tab alone, sent in a header, never part of an address. */
import { openDialog } from "./dialog.js";
import { button, field, h } from "./dom.js";
import { t } from "./language.js";

const NAME = "braid.key";
let held = "";
try {
  held = sessionStorage.getItem(NAME) || "";
} catch {
  // Storage is switched off: the key is asked for again when the page is loaded anew.
}
/** @type {Promise<boolean> | null} */
let asking = null;

export function key() {
  return held;
}

export function setKey(value) {
  held = value;
  try {
    if (value) sessionStorage.setItem(NAME, value);
    else sessionStorage.removeItem(NAME);
  } catch {
    // See above.
  }
  dispatchEvent(new Event("braid:key"));
}

/** Asks for a key, once for however many requests wait for it; whether one was given. */
export function askForKey() {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

function ask() {
  return new Promise((resolve) => {
    const input = h("input", { type: "password", autocomplete: "off", spellcheck: "false", value: held, required: true, autofocus: true });
    const refused = held && h("p", { class: "note warn" }, t("key.refused"));
    let given = false;
    const form = h(
      "form",
      {
        on: {
          submit: (event) => {
            event.preventDefault();
            setKey(input.value.trim());
            given = Boolean(held);
            dialog.close();
          },
        },
      },
      h("p", {}, t("key.why")),
      refused,
      field(t("key.name"), input, t("key.hint")),
      h(
        "div",
        { class: "actions" },
        held && button(t("key.forget"), () => { setKey(""); dialog.close(); }),
        button(t("cancel"), () => dialog.close()),
        button(t("key.use"), null, { kind: "primary", type: "submit" }),
      ),
    );
    const dialog = openDialog(t("key.title"), form, { closed: () => resolve(given) });
  });
}
