// Small things that several views show.
import { html, nothing, svg } from "./parts/lit-html.js";
import { redraw } from "./state.js";
import { explain } from "./reasons.js";
import { t } from "./words.js";

const COLOURS = 8;

/** A persona's first letter on a colour of its own. */
export function avatar(name) {
  const [first] = new Intl.Segmenter().segment(name);
  const colour = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % COLOURS;
  return html`<span class="avatar" data-colour=${colour} aria-hidden="true">${first?.segment ?? "?"}</span>`;
}

/** The page's own mark. */
export function logo() {
  return html`<svg class="logo" viewBox="0 0 64 64" aria-hidden="true">${svg`
    <rect width="64" height="64" rx="16"></rect>
    <path d="M14 20a8 8 0 0 1 8-8h20a8 8 0 0 1 8 8v14a8 8 0 0 1-8 8H30l-10 9v-9.3A8 8 0 0 1 14 34z"></path>
    <path class="lines" d="M23 22h18M23 31h11"></path>`}</svg>`;
}

/** What went wrong, and what to do. */
export function problem(error, again) {
  if (!error) return nothing;
  const { title, advice, detail, plain } = explain(error);
  return html`
    <div class="problem" role="alert">
      <p><b>${title}</b></p>
      ${advice ? html`<p>${advice}</p>` : nothing}
      ${inFull(detail, plain)}
      ${again ? html`<button type="button" class="quiet" @click=${again}>${t("tryAgain")}</button>` : nothing}
    </div>`;
}

/** The endpoint's own words, which are English; unless they are `plain`, for those who want them. */
export function inFull(words, plain = false) {
  if (!words) return nothing;
  if (plain) return html`<p lang="en">${words}</p>`;
  return html`<details class="in-full"><summary>${t("inFull")}</summary><p lang="en">${words}</p></details>`;
}

/** Something is on its way. */
export function loading() {
  return html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${t("loading")}</p>`;
}

/** A number with what it counts. */
export function tile(label, value, note) {
  return html`
    <div class="tile">
      <dt>${label}</dt>
      <dd>${value}${note ? html`<small>${note}</small>` : nothing}</dd>
    </div>`;
}

/** How a version stands, as a coloured word. */
export function status(name) {
  return html`<span class="status" data-status=${name}>${t(`status.${name}`)}</span>`;
}

// Which folds somebody opened or closed, by name.
const folds = new Map();

/** Something that is drawn only while it is open. */
export function fold(name, summary, content, { open = false, kind = "section" } = {}) {
  const isOpen = folds.get(name) ?? open;
  const toggled = (event) => {
    if (event.target.open === isOpen) return;
    folds.set(name, event.target.open);
    redraw();
  };
  return html`
    <details class=${kind} ?open=${isOpen} @toggle=${toggled}>
      <summary>${summary}</summary>
      ${isOpen ? content() : nothing}
    </details>`;
}
