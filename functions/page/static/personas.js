// The personas that the key may see, and how the one that is looked at is doing.
import { ask, call, personaPath } from "./api.js";
import { poll } from "./poll.js";
import { change, redraw, state } from "./state.js";

export const UNFINISHED = new Set(["preparing", "awaiting_approval", "queued", "uploading", "training", "deploying"]);
const SOON = 1500;
const LATER = 20_000;
const SLOWER = 1.2;

/** What is known of the persona that is looked at; `dropped`, when, until its export is taken up. */
export const looked = { persona: null, about: null, error: null, dropped: null };

/** Read which personas there are. */
export async function loadPersonas() {
  try {
    change({ personas: await listPersonas(), refused: null });
  } catch (error) {
    change({ refused: error });
  }
}

/** Find out what a key is for. */
export async function purposeOf(key) {
  const { scopes, personas } = await (await ask("GET", "keys/self", undefined, { key })).json();
  return { chats: scopes.includes("chat"), manages: scopes.includes("manage"), reached: personas };
}

async function listPersonas() {
  const { data } = await call("GET", state.manages ? "personas" : "models");
  return state.manages ? data : data.map(({ id }) => ({ persona: id, live_version: id }));
}

/** Keep `looked` up to date while a persona is looked at; give what ends that. */
export function watch(persona) {
  if (looked.persona !== persona) Object.assign(looked, { persona, about: null, error: null, dropped: null });
  if (!state.manages) return () => {};
  let seen = "";
  let wait = SOON;
  return poll(async () => {
    await look(persona);
    if (looked.persona !== persona) return null;
    // Jobs take hours: whoever watches one asks less and less often, until something changes.
    const now = JSON.stringify([looked.dropped, looked.about?.versions.map((each) => [each.status, each.progress])]);
    wait = now === seen ? Math.min(wait * SLOWER, LATER) : SOON;
    seen = now;
    return isMoving() ? wait : LATER;
  });
}

/** Look now. */
export async function look(persona = looked.persona) {
  const before = looked.about?.live_version;
  try {
    const about = await call("GET", personaPath(persona));
    if (looked.persona !== persona) return;
    Object.assign(looked, { about, error: null });
    if (looked.dropped && !isOld(about)) looked.dropped = null;
  } catch (error) {
    if (looked.persona !== persona) return;
    looked.error = error;
  }
  redraw();
  if (looked.about && looked.about.live_version !== before) await loadPersonas();
}

const isMoving = () => looked.dropped || looked.about?.status === "waiting" || looked.about?.versions.some((each) => UNFINISHED.has(each.status));

/** Say that an export was dropped for a persona just now. */
export function expectRun(persona, droppedAt) {
  Object.assign(looked, { persona, error: null, dropped: droppedAt });
}

// The very same exports make no new run, so that one that began just before is taken for it too.
const LEEWAY = 5000;
const isOld = ({ versions }) =>
  versions.every((each) => Date.parse(each.timeline.at(-1).at) < Date.parse(looked.dropped) - LEEWAY);
