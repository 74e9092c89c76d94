// Where one begins: the personas, and the way to a new one.
import { html, nothing } from "../parts/lit-html.js";
import { loadPersonas } from "../personas.js";
import { avatar, loading, problem } from "../pieces.js";
import { to } from "../router.js";
import { state } from "../state.js";
import { t } from "../words.js";

export const title = () => t("personas");

export function view() {
  return html`
    <h1>${t("personas")}</h1>
    ${problem(state.refused, loadPersonas)}
    ${state.personas ? whole() : state.refused ? nothing : loading()}`;
}

function whole() {
  return html`
    ${state.personas.length ? people() : html`<p class="lead">${state.manages ? t("nobodyYet") : t("nobodyForYou")}</p>`}
    ${state.manages ? html`<p><a class="button primary" href=${to("new")}>${t("newPersona")}</a></p>` : nothing}`;
}

function people() {
  return html`
    <ul class="people">
      ${state.personas.map(
        (each) => html`
          <li>
            <a class="card person" href=${to("p", each.persona)}>
              ${avatar(each.persona)}
              <span class="who"><b>${each.persona}</b><small>${each.live_version ? t("answers") : t("notYet")}</small></span>
            </a>
          </li>`,
      )}
    </ul>`;
}
