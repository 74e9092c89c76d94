// Keys for others: made, listed, revoked. A key is shown once, when it is made.
import { html, nothing } from "../parts/lit-html.js";
import { call } from "../api.js";
import { confirm, show } from "../dialog.js";
import { loading, problem } from "../pieces.js";
import { redraw, state } from "../state.js";
import { moment, number, t } from "../words.js";

const listed = { keys: null, error: null, busy: false };

export const title = () => t("keys");

export function enter() {
  Object.assign(listed, { keys: null, error: null, busy: false });
  load();
}

async function load() {
  try {
    listed.keys = (await call("GET", "keys")).data;
  } catch (error) {
    listed.error = error;
  }
  redraw();
}

export function view() {
  return html`
    <h1>${t("keys")}</h1>
    <p class="lead">${t("keys.what")}</p>
    ${problem(listed.error)}
    ${listed.keys ? list() : listed.error ? nothing : loading()}
    ${form()}`;
}

function list() {
  const good = listed.keys.filter((key) => !key.revoked);
  const revoked = listed.keys.filter((key) => key.revoked);
  return html`
    ${good.length ? html`<ul class="keys">${good.map(one)}</ul>` : html`<p class="hint">${t("keys.none")}</p>`}
    ${revoked.length ? html`
      <details><summary>${t("keys.revoked", { count: number(revoked.length) })}</summary>
        <ul class="keys">${revoked.map(one)}</ul></details>` : nothing}`;
}

function one(key) {
  const { revoked } = key;
  return html`
    <li class="card">
      <div class="who"><b>${key.name}</b>
        <small>${key.scopes.map((scope) => t(`scope.${scope}`)).join(", ")} · ${key.personas ? key.personas.join(", ") : t("keys.all")}</small>
        <small>${t("keys.used", { used: number(key.used_this_month), most: number(key.requests_per_month) })}</small>
        <small>${t("keys.made", { by: nameOf(key.created_by), at: moment(key.created_at) })}</small>
        ${revoked ? html`<small>${t("keys.taken", { by: nameOf(revoked.by), at: moment(revoked.at) })}</small>` : nothing}
      </div>
      ${revoked ? nothing : html`
        <button type="button" class="danger" aria-label="${t("revoke")}: ${key.name}" @click=${() => revoke(key)}>${t("revoke")}</button>`}
    </li>`;
}

/** What the key of an id is called; the owner's is in no list. */
const nameOf = (id) => (id === "owner" ? t("keys.owner") : `“${listed.keys.find((key) => key.id === id)?.name ?? id}”`);

function form() {
  return html`
    <form class="card" @submit=${create}>
      <h2>${t("keys.new")}</h2>
      <label for="key-name">${t("keys.name")}</label>
      <input id="key-name" name="name" required maxlength="64" autocomplete="off">
      <fieldset><legend>${t("keys.may")}</legend>
        <label class="check"><input type="checkbox" name="scopes" value="chat" checked> <span>${t("scope.chat")}</span></label>
        <label class="check"><input type="checkbox" name="scopes" value="manage"> <span>${t("scope.manage")}</span></label>
      </fieldset>
      ${state.personas?.length ? html`
        <fieldset><legend>${t("keys.personas")}</legend>
          ${state.personas.map(({ persona }) => html`
            <label class="check"><input type="checkbox" name="personas" value=${persona}> <span>${persona}</span></label>`)}
          <p class="hint">${t("keys.personas.hint")}</p>
        </fieldset>` : nothing}
      <div class="two">
        <div><label for="rpm">${t("keys.minute")}</label><input id="rpm" name="requests_per_minute" type="number" min="1" value="60" required></div>
        <div><label for="rpmonth">${t("keys.month")}</label><input id="rpmonth" name="requests_per_month" type="number" min="1" value="20000" required></div>
      </div>
      <div class="actions"><button class="primary" ?disabled=${listed.busy}>${t("keys.make")}</button></div>
    </form>`;
}

async function create(event) {
  event.preventDefault();
  const form = event.target;
  const values = new FormData(form);
  const personas = values.getAll("personas");
  Object.assign(listed, { error: null, busy: true });
  redraw();
  try {
    const made = await call("POST", "keys", {
      name: values.get("name").trim(),
      scopes: values.getAll("scopes"),
      personas: personas.length ? personas : null,
      requests_per_minute: Number(values.get("requests_per_minute")),
      requests_per_month: Number(values.get("requests_per_month")),
    });
    form.reset();
    listed.busy = false;
    load();
    await show({ title: made.name, body: once(made.key) });
  } catch (error) {
    listed.error = error;
  }
  listed.busy = false;
  redraw();
}

function once(key) {
  const copy = async (event) => {
    const button = event.target;
    await navigator.clipboard.writeText(key);
    button.textContent = t("copied");
  };
  return html`
    <p>${t("keys.once")}</p>
    <p class="secret"><code tabindex="0">${key}</code><button type="button" class="quiet" @click=${copy}>${t("copy")}</button></p>`;
}

async function revoke(key) {
  const body = html`<p>${t("revoke.what")}</p>`;
  if (!(await confirm({ title: t("revoke.sure", { name: key.name }), body, yes: t("revoke"), danger: true }))) return;
  listed.error = null;
  try {
    await call("DELETE", `keys/${encodeURIComponent(key.id)}`);
    await load();
  } catch (error) {
    listed.error = error;
    redraw();
  }
}
