// The personas that the key may see, and how the one that is looked at is doing.
import { ask, call, personaPath, Refused } from "./api.js";
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
  change({ personas: await listPersonas(state.key, state.manages) });
}

/** Find out what a key may do: manage, or only chat. */
export async function scopeOf(key) {
  try {
    await listPersonas(key, true);
    return { manages: true };
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 403) throw error;
    await listPersonas(key, false);
    return { manages: false };
  }
}

async function listPersonas(key, manages) {
  const answer = await ask("GET", manages ? "personas" : "models", undefined, { key });
  const { data } = await answer.json();
  return manages ? data : data.map(({ id }) => ({ persona: id, live_version: id }));
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
    // It has its name with the first export, and something to tell when that is taken up.
    const isNew = error.status === 404 && state.personas?.some((each) => each.persona === persona);
    if (isNew) looked.dropped ??= new Date().toISOString();
    else looked.error = error;
  }
  redraw();
  if (looked.about && looked.about.live_version !== before) await loadPersonas();
}

const isMoving = () => looked.dropped || looked.about?.versions.some((each) => UNFINISHED.has(each.status));

/** Say that an export was dropped for a persona just now. */
export function expectRun(persona, droppedAt) {
  Object.assign(looked, { persona, error: null, dropped: droppedAt });
}

// The very same exports make no new run, so that one that began just before is taken for it too.
const LEEWAY = 5000;
const isOld = ({ versions }) =>
  versions.every((each) => Date.parse(each.timeline.at(-1).at) < Date.parse(looked.dropped) - LEEWAY);
