// The page: which view is shown, and the frame around it.
import { html, nothing, render } from "./parts/lit-html.js";
import { repeat } from "./parts/directives/repeat.js";
import { change, drawWith, redraw, signOut, state } from "./state.js";
import { LANGUAGES, shown, speak, t } from "./words.js";
import { allowed, opens, readRoute, to } from "./router.js";
import { loadPersonas } from "./personas.js";
import { avatar, logo } from "./pieces.js";
import * as chat from "./views/chat.js";
import * as drop from "./views/drop.js";
import * as erased from "./views/erased.js";
import * as home from "./views/home.js";
import * as keys from "./views/keys.js";
import * as signin from "./views/signin.js";
import * as versions from "./views/versions.js";

const VIEWS = { chat, drop, erased, home, keys, versions };

let leave = null;

const current = () => (state.key ? (VIEWS[state.route.name] ?? home) : signin);

function enter() {
  leave?.();
  change({ route: allowed(readRoute(), state) });
  leave = current().enter?.(state.route) ?? null;
}

function arrive() {
  enter();
  // As a new page would: from its beginning, which is read out.
  queueMicrotask(() => {
    scrollTo(0, 0);
    document.querySelector("main")?.focus({ preventScroll: true });
  });
}

async function begin() {
  enter();
  if (state.key) await loadPersonas();
}

function draw() {
  document.documentElement.lang = shown();
  document.title = [current().title(state.route), t("name")].filter(Boolean).join(" · ");
  render(frame(), document.getElementById("app"));
}

function frame() {
  if (!state.key) return html`${top(false)}<main id="main" class="narrow" tabindex="-1">${signin.view(begin)}</main>`;
  return html`
    <a class="skip" href="#main" @click=${skip}>${t("skip")}</a>
    ${top(true)}
    <div class="frame" data-view=${state.route.name}>
      ${side()}
      <main id="main" tabindex="-1">${current().view(state.route)}</main>
    </div>`;
}

function skip(event) {
  event.preventDefault();
  document.querySelector("main").focus();
}

function top(known) {
  return html`
    <header class="top">
      <a class="brand" href="#/">${logo()}<span>${t("name")}</span></a>
      <div class="tools">
        ${known && opens(state, "keys") ? html`<a class="tool" href=${to("keys")}>${t("keys")}</a>` : nothing}
        <label class="language">
          <span class="hidden">${t("language")}</span>
          <select @change=${switchLanguage}>
            ${Object.entries(LANGUAGES).map(
              ([code, name]) => html`<option value=${code} ?selected=${code === shown()}>${name}</option>`,
            )}
          </select>
        </label>
        ${known ? html`<button type="button" class="tool" @click=${() => signOut()}>${t("signOut")}</button>` : nothing}
      </div>
    </header>`;
}

function switchLanguage(event) {
  speak(event.target.value);
  redraw();
}

function side() {
  return html`
    <nav class="side" aria-label=${t("personas")}>
      ${state.manages ? html`<a class="button primary wide" href=${to("new")}>${t("newPersona")}</a>` : nothing}
      <ul>
        ${repeat(
          state.personas ?? [],
          (each) => each.persona,
          (each) => html`
            <li>
              <a href=${to("p", each.persona)} aria-current=${state.route.persona === each.persona ? "page" : "false"}>
                ${avatar(each.persona)}
                <span class="who">
                  <b>${each.persona}</b>
                  <small>${each.live_version ? t("answers") : t("notYet")}</small>
                </span>
              </a>
            </li>`,
        )}
      </ul>
    </nav>`;
}

drawWith(draw);
window.addEventListener("hashchange", arrive);
begin();
redraw();
