// From a file to a run: drop it, see who speaks in it, choose whose tone is learned.
import { html, nothing } from "../parts/lit-html.js";
import { live } from "../parts/directives/live.js";
import { call, personaPath, Refused } from "../api.js";
import { asPersona } from "../naming.js";
import { expectRun, loadPersonas } from "../personas.js";
import { problem } from "../pieces.js";
import { go, to } from "../router.js";
import { redraw, state } from "../state.js";
import { upload } from "../upload.js";
import { bytes, percent, t } from "../words.js";
import { preview, unread } from "./preview.js";

const KINDS = ".csv,.txt,.json,.zip";
const LOOKS = 5;
// A file that takes longer to look through than anybody waits is dropped all the same.
const TOO_LARGE = new Set(["preview_too_large", "timeout"]);

const fresh = () => ({
  file: null, gone: 0, stop: null, export: null, error: null, over: false,
  speaker: null, name: "", named: false, agreed: false, busy: false,
});

let drop = fresh();

export const title = () => t("newPersona");

export function enter({ persona }) {
  const only = state.reached?.length === 1 ? state.reached[0] : null;
  drop = { ...fresh(), name: persona ?? only ?? "", named: Boolean(persona ?? only) };
  return () => drop.stop?.abort();
}

export function view({ persona }) {
  return html`
    <h1>${persona ? t("addExport", { persona }) : t("newPersona")}</h1>
    ${drop.export
      ? [chosen(), problem(drop.error)]
      : [problem(drop.error, drop.file ? () => take(drop.file) : null), drop.file && !drop.error ? uploading() : zone()]}`;
}

function zone() {
  const over = (is) => (event) => {
    event.preventDefault();
    if (drop.over !== is) { drop.over = is; redraw(); }
  };
  const dropped = (event) => {
    event.preventDefault();
    drop.over = false;
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  };
  return html`
    <div class="zone" data-over=${drop.over} @dragover=${over(true)} @dragleave=${over(false)} @drop=${dropped}>
      <svg viewBox="0 0 48 48" aria-hidden="true"><path d="M24 31V9m0 0-8 8m8-8 8 8M9 30v5a5 5 0 0 0 5 5h20a5 5 0 0 0 5-5v-5"></path></svg>
      <p class="big">${t("drop.here")}</p>
      <label class="button primary">${t("drop.choose")}
        <input class="hidden" type="file" id="file" accept=${KINDS} @change=${(event) => take(event.target.files[0])}>
      </label>
      <p class="hint">${t("drop.kinds")}</p>
    </div>
    <details class="card">
      <summary>${t("drop.how")}</summary>
      <ul class="plain">${["kakao", "whatsapp", "telegram", "line", "instagram", "discord"].map((each) => html`<li>${t(`how.${each}`)}</li>`)}</ul>
    </details>
    <p class="hint">${t("drop.consent")}</p>`;
}

function uploading() {
  const reading = drop.gone === 1;
  return html`
    <div class="card" role="status">
      <p><b>${drop.file.name}</b> <small>${bytes(drop.file.size)}</small></p>
      <p>${reading ? t("drop.reading") : t("drop.uploading", { part: percent(drop.gone) })}</p>
      ${reading ? html`<progress aria-label=${drop.file.name}></progress>`
        : html`<progress aria-label=${drop.file.name} max="1" .value=${drop.gone}></progress>`}
      <button type="button" class="quiet" @click=${() => { drop.stop?.abort(); drop = { ...drop, file: null, error: null }; redraw(); }}>${t("cancel")}</button>
    </div>`;
}

function chosen() {
  const name = asPersona(drop.name);
  const exists = state.personas?.some((each) => each.persona === name);
  const ready = drop.speaker?.trim() && name && drop.agreed && !drop.busy;
  return html`
    <form @submit=${(event) => { event.preventDefault(); if (ready) begin(name); }}>
      ${drop.export.speakers ? preview(drop.export, drop.speaker, choose) : unread(drop.export, drop.speaker ?? "", choose)}
      <div class="card">
        ${state.reached ? ofThese(name) : html`
          <label for="name">${t("drop.name")}</label>
          <input id="name" maxlength="64" required autocomplete="off" .value=${live(drop.name)} aria-describedby="name-hint"
            @input=${(event) => rename(event.target.value)}>`}
        <p id="name-hint" class="hint">
          ${name && name !== drop.name ? t("drop.named", { name }) : nothing}
          ${exists ? t("drop.exists", { name }) : state.reached ? nothing : t("drop.name.hint")}
        </p>
        <label class="check"><input type="checkbox" .checked=${live(drop.agreed)}
          @change=${(event) => { drop.agreed = event.target.checked; redraw(); }}> <span>${t("drop.agreed")}</span></label>
        <div class="actions">
          <button type="button" class="quiet" @click=${() => { drop = { ...fresh(), name: drop.named ? drop.name : "" }; redraw(); }}>${t("drop.other")}</button>
          <button class="primary" ?disabled=${!ready}>${drop.busy ? t("loading") : t("drop.begin")}</button>
        </div>
        <p class="hint">${t("drop.nothingYet")}</p>
      </div>
    </form>`;
}

/** A key that is bound to personas drops for these alone. */
function ofThese(name) {
  return html`
    <label for="name">${t("drop.whose")}</label>
    <select id="name" class="wide" required aria-describedby="name-hint" @change=${(event) => rename(event.target.value)}>
      <option value="">${t("drop.choosePersona")}</option>
      ${state.reached.map((each) => html`<option value=${each} ?selected=${each === name}>${each}</option>`)}
    </select>`;
}

function rename(name) {
  Object.assign(drop, { name, named: true });
  redraw();
}

function choose(speaker) {
  drop.speaker = speaker;
  const name = asPersona(speaker);
  if (!drop.named && (state.reached?.includes(name) ?? true)) drop.name = name;
  redraw();
}

async function take(file) {
  if (!file) return;
  const stop = new AbortController();
  drop = { ...drop, file, gone: 0, stop, error: null };
  redraw();
  try {
    const name = await upload(file, {
      signal: stop.signal,
      told: (gone) => { drop.gone = gone; redraw(); },
    });
    drop.gone = 1;
    redraw();
    const found = await read(name);
    if (!stop.signal.aborted) drop.export = found;
  } catch (error) {
    if (stop.signal.aborted) return;
    drop.error = error;
    // What cannot be taken or read now cannot be later.
    if (error.status === 400) drop.file = null;
  }
  redraw();
}

/** Read what was uploaded; the bucket may be a moment behind. */
async function read(name) {
  for (let left = LOOKS; ; left -= 1) {
    try {
      return await call("GET", `exports/${encodeURIComponent(name)}`);
    } catch (error) {
      if (TOO_LARGE.has(error.code)) return { export: name, file_name: drop.file.name, bytes: drop.file.size };
      if (!(error instanceof Refused) || error.code !== "not_uploaded" || left === 0) throw error;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

async function begin(name) {
  Object.assign(drop, { busy: true, error: null });
  redraw();
  try {
    const started = await call("POST", personaPath(name, "exports"), { export: drop.export.export, speaker: drop.speaker.trim() });
    expectRun(started.persona, started.dropped_at);
    await loadPersonas();
    go("p", started.persona, "versions");
  } catch (error) {
    Object.assign(drop, { error, busy: false });
    redraw();
  }
}
