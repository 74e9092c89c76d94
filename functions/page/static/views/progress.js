// A run as it happens, and why it ended where it failed.
import { html, nothing } from "../parts/lit-html.js";
import { inFull } from "../pieces.js";
import { reasonOf } from "../reasons.js";
import { maybe, moment, number, t } from "../words.js";

const STEPS = ["preparing", "awaiting_approval", "queued", "uploading", "training", "deploying", "succeeded"];
// A run passes these only where it must.
const MAYBE = new Set(["awaiting_approval", "queued"]);

/** The way of a run, up to where it is. */
export function progress(version) {
  const passed = version.timeline.map((entry) => entry.state);
  const now = STEPS.indexOf(version.status);
  const shown = STEPS.filter((step) => !MAYBE.has(step) || passed.includes(step));
  return html`
    <div class="progress" role="status" aria-live="polite">
      <p><b>${t(`doing.${version.status}`)}</b></p>
      <ol class="steps">
        ${shown.map((step) => {
          const at = STEPS.indexOf(step);
          return html`<li data-is=${at < now ? "done" : at === now ? "now" : "ahead"} aria-current=${at === now ? "step" : "false"}>${t(`status.${step}`)}</li>`;
        })}
      </ol>
      ${version.waiting_for ? html`<p class="warning" lang="en">${version.waiting_for}</p>` : nothing}
      ${version.progress ? atProvider(version.progress) : nothing}
    </div>`;
}

function atProvider({ steps, events, estimated_finish: finish }) {
  return html`
    ${steps ? html`
      <progress aria-label=${t("status.training")} max=${steps.total} .value=${steps.done}></progress>
      <p class="hint">${t("steps", { done: number(steps.done), total: number(steps.total) })}</p>` : nothing}
    ${finish ? html`<p class="hint">${t("finish", { at: moment(finish) })}</p>` : nothing}
    ${events.length ? html`<ul class="events" lang="en">${events.map((event) => html`<li>${event}</li>`)}</ul>` : nothing}`;
}

/** An export was dropped, and nobody has taken it up yet. */
export function starting() {
  return html`
    <div class="card progress" role="status">
      <p class="loading"><span class="spinner" aria-hidden="true"></span><b>${t("starting")}</b></p>
      <p class="hint">${t("starting.what")}</p>
    </div>`;
}

/** Why a version failed, and what to do about it. */
export function failure(version) {
  const { error, reason } = version.failure;
  const told = reasonOf(error, reason);
  return html`
    <div class="problem" role="alert">
      <p><b>${maybe(`failure.${error}`, t("failure"))}</b></p>
      ${told ? html`<p>${told}</p>` : nothing}
      ${inFull(reason, !told)}
      <p class="hint">${moment(version.failure.at)} · ${error}</p>
    </div>`;
}
