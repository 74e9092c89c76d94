// The endpoint, as any other of its callers sees it.
import { signOut, state } from "./state.js";

/** An answer that is no success: `code`, `param` and `message` are the envelope's. */
export class Refused extends Error {
  constructor(status, error, retryAfter) {
    super(error.message ?? "");
    this.status = status;
    this.code = error.code ?? null;
    this.param = error.param ?? null;
    this.retryAfter = retryAfter;
  }
}

/** No answer at all. */
export class Unreachable extends Error {}

/** Ask for `path` below /v1/ and give what the answer's JSON says. */
export async function call(method, path, body) {
  return (await ask(method, path, body)).json();
}

/** Ask for `path` below /v1/ and give the answer, which is a success. */
export async function ask(method, path, body, { key = state.key, signal } = {}) {
  const request = {
    method,
    signal,
    cache: "no-store",
    headers: { Authorization: `Bearer ${key}` },
  };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(new URL(`v1/${path}`, document.baseURI), request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
  if (answer.ok) return answer;
  const refused = new Refused(answer.status, await envelope(answer), Number(answer.headers.get("Retry-After")));
  // The key was good once: it has been revoked or changed.
  if (refused.status === 401 && key === state.key) signOut({ refused: true });
  throw refused;
}

/** The address of a persona, below /v1/. */
export function personaPath(persona, ...more) {
  return ["personas", persona, ...more].map(encodeURIComponent).join("/");
}

async function envelope(answer) {
  try {
    return (await answer.json()).error ?? {};
  } catch {
    return {};
  }
}
