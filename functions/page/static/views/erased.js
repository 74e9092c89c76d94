// The receipt of an erasure, as it is made.
import { html, nothing } from "../parts/lit-html.js";
import { call } from "../api.js";
import { poll } from "../poll.js";
import { loading, problem, tile } from "../pieces.js";
import { redraw } from "../state.js";
import { maybe, number, t } from "../words.js";

let receipt = null;
let error = null;

export const title = () => t("erased");

export function enter({ removal }) {
  receipt = error = null;
  return poll(() => look(removal));
}

async function look(removal) {
  try {
    receipt = await call("GET", `removals/${encodeURIComponent(removal)}`);
    error = null;
  } catch (caught) {
    error = caught;
  }
  redraw();
  return receipt?.status === "running" || error ? 2000 : null;
}

export function view({ persona }) {
  return html`
    <h1>${t("erased.of", { persona: receipt?.persona ?? persona ?? "" })}</h1>
    ${problem(error)}
    ${receipt ? shown() : error ? nothing : loading()}
    <p><a class="button quiet" href="#/">${t("personas")}</a></p>`;
}

function shown() {
  return html`
    <section class="card" role="status">
      <p class="big">${t(`removal.${receipt.status}`)}</p>
      <p class="hint">${t(`removal.${receipt.status}.what`)}</p>
      <dl class="tiles">
        ${Object.entries(receipt.removed ?? {}).map(([what, count]) => tile(maybe(`removed.${what}`, what), number(count)))}
      </dl>
      ${(receipt.refused ?? []).map((line) => html`<p class="warning" lang="en">${line}</p>`)}
      ${receipt.goes_by_itself?.length ? html`
        <details><summary>${t("goesByItself")}</summary>
          <ul class="plain">${receipt.goes_by_itself.map((each) => html`<li>${maybe(`goes.${each}`, each)}</li>`)}</ul>
        </details>` : nothing}
    </section>`;
}
