// What stands above everything that is about one persona.
import { html, nothing } from "../parts/lit-html.js";
import { looked } from "../personas.js";
import { avatar, status } from "../pieces.js";
import { to } from "../router.js";
import { state } from "../state.js";
import { t } from "../words.js";

export function heading(persona, tool = nothing) {
  const about = looked.persona === persona ? looked.about : null;
  return html`
    <header class="persona">
      <a class="back" href="#/" aria-label=${t("personas")}><span aria-hidden="true">‹</span></a>
      ${avatar(persona)}
      <div class="who">
        <h1>${persona}</h1>
        ${about && !about.live_version ? status(about.status) : html`<small>${t("isModel")}</small>`}
      </div>
      ${tool}
      ${state.manages && state.chats ? tabs(persona) : nothing}
    </header>`;
}

function tabs(persona) {
  const at = state.route.name;
  const tab = (name) => html`
    <a href=${to("p", persona, name)} aria-current=${at === name ? "page" : "false"}>${t(`tab.${name}`)}</a>`;
  return html`<nav class="tabs" aria-label=${persona}>${tab("chat")}${tab("versions")}</nav>`;
}
