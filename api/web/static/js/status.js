/** How the service is: health, readiness, version, who asks, and what a check of it finds. */
import { Problem, call, find } from "./api.js";
import { shown, waiting } from "./dialog.js";
import { button, fill, h, icon } from "./dom.js";
import { moment, named, t } from "./language.js";
import { head } from "./shell.js";

/** @param {HTMLElement} main @param {{signal: AbortSignal}} view */
export function showStatus(main, { signal }) {
  const place = h("div", {}, waiting());
  const load = () => shown(place, () => draw(place, signal), signal);
  fill(main, h("div", { class: "column" }, head(t("nav.status"), t("status.line"), button(t("status.again"), load, { icon: "retry" })), place));
  load();
}

/** What a route says, whatever its status: a service that is not ready says why. */
async function told(path, signal) {
  try {
    return await find(path, { signal });
  } catch (error) {
    if (error instanceof Problem && error.status === 503) return { ready: false, ...error.body };
    throw error;
  }
}

async function draw(place, signal) {
  const [health, ready, me, work] = await Promise.all([told("/health", signal), told("/ready", signal), find("/v1/me", { signal }), tasks(signal)]);
  const checked = h("div");
  const check = button(t("status.doctor"), () => {
    fill(checked, waiting());
    shown(checked, () => examine(checked, signal), signal);
  }, { icon: "check" });
  fill(
    place,
    h(
      "dl",
      { class: "table" },
      line(t("status.health"), state(health?.status ?? "unknown"), health?.detail),
      ready && line(t("status.ready"), state(ready.ready ? "able" : "unready"), ready.detail ?? ""),
      (ready?.parts ?? []).filter((one) => !one.ready).map((one) => line(one.name, state("unready"), one.detail)),
      line(t("status.version"), health?.version ?? "—"),
      me && whoLines(me),
    ),
    work,
    h("section", { class: "block" }, h("h2", {}, t("status.doctor")), h("p", { class: "soft" }, t("status.doctor.line")), h("div", { class: "actions below" }, check), checked),
  );
}

function line(name, value, detail = "") {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value, detail && h("p", { class: "soft small" }, detail)));
}

function state(name) {
  const isWell = name === "ok" || name === "able";
  return h("span", { class: `chip ${isWell ? "ok" : "failed"}` }, icon(isWell ? "check" : "warning"), named("status", name));
}

function whoLines(me) {
  const grants = Object.entries(me.grants).map(([name, role]) => `${name === "*" ? t("status.every") : name}: ${named("role", role)}`);
  return [
    line(t("status.me"), me.name),
    grants.length > 0 && line(t("status.grants"), grants.join(", ")),
    me.expires_at && line(t("status.expires"), moment(me.expires_at)),
    line(t("status.tags"), me.tags ? me.tags.join(", ") || t("status.tags.none") : t("status.tags.all")),
  ];
}

async function examine(place, signal) {
  const { findings } = await call("GET", "/v1/doctor", { signal });
  fill(place, h("ul", { class: "rows" }, findings.map((one) => h("li", { class: `row ${one.fault ? "fault" : ""}` }, icon(one.fault ? "warning" : "check"), h("div", { class: "grow" }, h("strong", {}, one.subject), h("p", { class: "soft" }, one.text))))));
}

/** The newest tasks, for those who may see them. */
async function tasks(signal) {
  let found;
  try {
    found = await find("/v1/tasks?limit=10", { signal });
  } catch (error) {
    if (error instanceof Problem && error.status === 403) return null;
    throw error;
  }
  if (!found?.tasks.length) return null;
  const row = (one) =>
    h("li", { class: "row" }, h("div", { class: "grow" }, h("strong", {}, `${named("task", one.kind)} · ${one.collection}`), h("p", { class: "soft small" }, [moment(one.created_at), one.note].filter(Boolean).join(" · "))), h("span", { class: `chip ${one.state}` }, named("job.state", one.state)));
  return h("section", { class: "block" }, h("h2", {}, t("status.tasks")), h("ul", { class: "rows" }, found.tasks.map(row)));
}
