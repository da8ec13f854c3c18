/** Dialogs: the browser's own, which keep the focus, close by Esc and give the focus back. */
import { button, field, fill, h } from "./dom.js";
import { t } from "./language.js";

/**
 * Opens a dialog and returns it.
 * @param {string} title @param {any} content
 * @param {{kind?: string, closed?: () => void}} [options] `kind` "panel" stands at the side
 */
export function openDialog(title, content, { kind = "", closed } = {}) {
  const heading = h("h2", { id: `dialog-${Math.random().toString(36).slice(2)}`, tabindex: "-1" }, title);
  const dialog = h(
    "dialog",
    { class: `dialog ${kind}`, "aria-labelledby": heading.id },
    h("div", { class: "dialog-head" }, heading, button("", () => dialog.close(), { icon: "close", label: t("close") })),
    h("div", { class: "dialog-body" }, content),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // the ground behind it
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  if (!dialog.querySelector("[autofocus]")) heading.focus();
  return dialog;
}

/**
 * Asks whether to do what cannot be undone; where `word` is given, it has to be typed first.
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, action, word = "") {
  return new Promise((resolve) => {
    let agreed = false;
    const input = h("input", { type: "text", autocomplete: "off", spellcheck: "false", autofocus: true, on: { input: () => { go.disabled = input.value !== word; } } });
    const go = button(action, null, { kind: "danger", type: "submit", disabled: Boolean(word), autofocus: !word });
    const form = h(
      "form",
      {
        on: {
          submit: (event) => {
            event.preventDefault();
            agreed = true;
            dialog.close();
          },
        },
      },
      h("p", {}, text),
      word && field(t("confirm.type", { word }), input),
      h("div", { class: "actions" }, button(t("cancel"), () => dialog.close()), go),
    );
    const dialog = openDialog(title, form, { closed: () => resolve(agreed) });
  });
}

let region;

/** Says something in passing, aloud for those who do not see it. */
export function say(text) {
  region ??= document.body.appendChild(h("div", { class: "toasts", role: "status", "aria-live": "polite" }));
  const toast = h("p", { class: "toast" }, text);
  region.append(toast);
  setTimeout(() => toast.remove(), 5000);
}

/** What went wrong, what the service says of it, and what to do. */
export function problemBox(problem, retry) {
  const status = problem.status ?? -1;
  const kind = t(`problem.${[0, 401, 403, 404, 409, 413, 422, 429, 503].includes(status) ? status : status >= 500 || status < 0 ? 500 : 422}`);
  const [title, advice] = kind.split(" — ");
  const detail = problem.detail ?? String(problem.message ?? problem);
  return h(
    "div",
    { class: "problem", role: "alert" },
    h("p", { class: "problem-title" }, title),
    detail && h("p", { class: "problem-detail" }, detail),
    h("p", { class: "soft" }, advice, problem.retryAfter > 0 && ` ${t("problem.after", { n: problem.retryAfter })}`),
    problem.requestId && h("p", { class: "soft small" }, t("problem.request", { id: problem.requestId })),
    retry && button(t("retry"), retry, { icon: "retry" }),
  );
}

/** Runs what fetches and shows; shows the problem in the place where it fails. */
export async function shown(place, work, signal) {
  try {
    await work();
  } catch (error) {
    if (error.name === "AbortError" || signal?.aborted) return;
    fill(place, problemBox(error, () => {
      fill(place, waiting());
      shown(place, work, signal);
    }));
    if (error.status === undefined) console.error(error);
  }
}

export function waiting() {
  return h("p", { class: "waiting", role: "status" }, h("span", { class: "spinner" }), t("loading"));
}
