// The key that opens everything.
import { html, nothing } from "../parts/lit-html.js";
import { purposeOf } from "../personas.js";
import { problem } from "../pieces.js";
import { redraw, signIn } from "../state.js";
import { t } from "../words.js";

// Whoever comes from a key that opens nothing any longer is told so, once.
const asked = { busy: false, error: null, refused: sessionStorage.getItem("refused") };
sessionStorage.removeItem("refused");

export const title = () => t("signIn");

async function submit(event, begin) {
  event.preventDefault();
  const key = new FormData(event.target).get("key").trim();
  Object.assign(asked, { busy: true, error: null, refused: null });
  redraw();
  try {
    signIn(key, await purposeOf(key));
    begin();
  } catch (error) {
    asked.error = error;
  }
  asked.busy = false;
  redraw();
}

export function view(begin) {
  return html`
    <section class="welcome">
      <h1>${t("welcome")}</h1>
      <p class="lead">${t("welcome.what")}</p>
      <form class="card" @submit=${(event) => submit(event, begin)}>
        <label for="key">${t("key")}</label>
        <input id="key" name="key" type="password" required autocomplete="off" autocapitalize="none"
          spellcheck="false" aria-describedby="key-hint" ?disabled=${asked.busy}>
        <p id="key-hint" class="hint">${t("key.hint")}</p>
        ${asked.error ? problem(asked.error) : nothing}
        ${asked.refused ? html`<p class="problem" role="alert">${t("keyGone")}</p>` : nothing}
        <button class="primary wide" ?disabled=${asked.busy}>${asked.busy ? t("loading") : t("open")}</button>
      </form>
    </section>`;
}
