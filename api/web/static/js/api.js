/** Talking to the service: JSON, files, events; and what goes wrong, as a Problem. */
import { askForKey, key } from "./key.js";

/** An error as the service describes it (RFC 9457); status 0: it cannot be reached. */
export class Problem extends Error {
  /** @param {number} status @param {any} body @param {Headers | null} [headers] */
  constructor(status, body, headers = null) {
    super(body.detail || `HTTP ${status}`);
    this.status = status;
    this.detail = body.detail || "";
    /** What came, for routes that say more than a problem does. */
    this.body = body;
    this.requestId = body.request_id || "";
    this.errors = body.errors || [];
    this.retryAfter = Number(headers?.get("Retry-After")) || 0;
  }
}

/** The path of a collection, and of things in it; document and entity ids keep their slashes. */
export function at(collection, ...parts) {
  return ["/v1/collections", encodeURIComponent(collection), ...parts].join("/");
}

/** An id as the end of a path. */
export function escaped(id) {
  return id.split("/").map(encodeURIComponent).join("/");
}

/**
 * A response that went well. Raises Problem, or AbortError. A 401 asks for the key and tries again.
 * @param {string} method @param {string} path
 * @param {{body?: any, signal?: AbortSignal, accept?: string, quiet?: boolean}} [options]
 */
export async function respond(method, path, { body, signal, accept = "application/json", quiet = false } = {}) {
  const headers = { Accept: accept };
  if (key()) headers.Authorization = `Bearer ${key()}`;
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: isForm || body === undefined ? body : JSON.stringify(body), credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {});
  }
  if (response.ok) return response;
  if (response.status === 401 && !quiet && (await askForKey())) return respond(method, path, { body, signal, accept });
  throw await problemOf(response);
}

async function problemOf(response) {
  try {
    return new Problem(response.status, await response.json(), response.headers);
  } catch {
    return new Problem(response.status, {}, response.headers);
  }
}

/** The JSON of a response; null where it has none. */
export async function call(method, path, options = {}) {
  const response = await respond(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** @param {string} path @param {any} [options] */
export const get = (path, options) => call("GET", path, options);

/** The same, or null where the service has no such thing (404). */
export async function find(path, options) {
  try {
    return await get(path, options);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

/** An address within this page for what needs the key to be fetched; revoke it after use. */
export async function blobAddress(path, options = {}) {
  const response = await respond("GET", path, { accept: "*/*", ...options });
  return URL.createObjectURL(await response.blob());
}

/** Fetches a file and hands it to the reader under a name. */
export async function download(path, name) {
  const link = document.createElement("a");
  link.href = await blobAddress(path);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Server-sent events, one by one. Leaving the loop, or the signal, closes the connection, and with
 * it ends the work behind it.
 * @returns {AsyncGenerator<{event: string, data: any}>}
 */
export async function* events(method, path, { body, signal } = {}) {
  const response = await respond(method, path, { body, signal, accept: "text/event-stream" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  let isOver = false;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      isOver = done;
      if (done) return;
      pending = (pending + value).replace(/\r\n?/g, "\n");
      const parts = pending.split("\n\n");
      pending = parts.pop();
      for (const part of parts) {
        const event = eventOf(part);
        if (event) yield event;
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw error instanceof Problem ? error : new Problem(0, {});
  } finally {
    if (!isOver) reader.cancel().catch(() => {});
  }
}

function eventOf(part) {
  let event = "message";
  const data = [];
  for (const line of part.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}

/**
 * Sends a form, telling how much of it has gone (0 to 1).
 * @param {string} path @param {FormData} form @param {(part: number) => void} progress
 * @param {AbortSignal} [signal]
 */
export async function upload(path, form, progress, signal) {
  const { status, text, retry } = await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    if (key()) request.setRequestHeader("Authorization", `Bearer ${key()}`);
    request.upload.addEventListener("progress", (e) => e.lengthComputable && progress(e.loaded / e.total));
    request.addEventListener("load", () =>
      resolve({ status: request.status, text: request.responseText, retry: request.getResponseHeader("Retry-After") }),
    );
    request.addEventListener("error", () => reject(new Problem(0, {})));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    signal?.addEventListener("abort", () => request.abort());
    request.send(form);
  });
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    // No JSON: the status has to do.
  }
  if (status >= 200 && status < 300) return body;
  if (status === 401 && (await askForKey())) return upload(path, form, progress, signal);
  throw new Problem(status, body, retry ? new Headers({ "Retry-After": retry }) : null);
}
