// What was made of a persona's exports: what is under way, what came of it, the way back, and the end.
import { html, nothing } from "../parts/lit-html.js";
import { repeat } from "../parts/directives/repeat.js";
import { call, personaPath } from "../api.js";
import { confirm } from "../dialog.js";
import { loadPersonas, look, looked, UNFINISHED, watch } from "../personas.js";
import { inFull, loading, problem, status } from "../pieces.js";
import { go, to } from "../router.js";
import { redraw, state } from "../state.js";
import { dollars, moment, t } from "../words.js";
import { heading } from "./persona.js";
import { failure, progress, starting } from "./progress.js";
import { report } from "./report.js";
import { style } from "./style.js";

const ANSWERS = new Set(["succeeded", "candidate"]);

let refused = null;
let busy = false;

export const title = ({ persona }) => `${persona}, ${t("tab.versions")}`;

export function enter({ persona }) {
  refused = null;
  return watch(persona);
}

export function view({ persona }) {
  const { about, error, dropped } = looked;
  return html`
    ${heading(persona)}
    <div class="page">
      ${problem(error, () => look())}
      ${problem(refused)}
      ${dropped || about?.status === "waiting" ? starting() : nothing}
      ${about ? repeat(about.versions, (each) => each.version, (each, at) => one(each, at, about)) : error || dropped ? nothing : loading()}
      ${about ? end(persona) : nothing}
    </div>`;
}

function one(version, at, about) {
  const isLive = version.version === about.live_version;
  return html`
    <article class="card version" aria-labelledby=${version.version}>
      <header>
        <h2 id=${version.version}>${moment(version.created_at)}</h2>
        ${isLive ? html`<span class="status" data-status="live">${t("live")}</span>` : status(version.status)}
      </header>
      ${UNFINISHED.has(version.status) ? progress(version) : nothing}
      ${version.failure ? failure(version) : nothing}
      ${version.status === "awaiting_approval" ? price(version, about) : nothing}
      ${version.status === "candidate" ? html`
        <div class="warning"><p>${t("candidate.what")}</p>${inFull(version.verdict)}</div>` : nothing}
      ${actions(version, about, isLive)}
      ${version.report ? report(about.persona, version, at === 0) : nothing}
      ${ANSWERS.has(version.status) ? style(about.persona, version, about.versions) : nothing}
    </article>`;
}

function price(version, about) {
  const cost = version.estimate_usd;
  const known = cost !== null && cost !== undefined;
  const decide = (what) => act(() => call("POST", personaPath(about.persona, "runs", version.run, what)));
  return html`
    <section class="price" aria-label=${t("price")}>
      <p class="big">${!known ? t("price.unknown") : cost === 0 ? t("price.nothing") : t("price.is", { price: dollars(cost) })}</p>
      <p>${t("price.what")}</p>
      <div class="actions">
        <button type="button" class="quiet" ?disabled=${busy} @click=${() => decide("reject")}>${t("price.no")}</button>
        <button type="button" class="primary" ?disabled=${busy} @click=${() => decide("approve")}>
          ${!known ? t("price.yesAnyway") : cost === 0 ? t("price.yesFree") : t("price.yes", { price: dollars(cost) })}</button>
      </div>
    </section>`;
}

function actions(version, about, isLive) {
  const at = (...more) => personaPath(about.persona, ...more);
  const buttons = [];
  if (isLive && state.chats) buttons.push(html`<a class="button primary" href=${to("p", about.persona, "chat")}>${t("toChat")}</a>`);
  if (!isLive && ANSWERS.has(version.status)) {
    const [label, path, body] = version.status === "candidate" || version.version > (about.live_version ?? "")
      ? ["promote", at("versions", version.version, "promote"), undefined]
      : ["rollback", at("rollback"), { version: version.version }];
    buttons.push(html`<button type="button" class="quiet" ?disabled=${busy} @click=${() => act(() => call("POST", path, body))}>${t(label)}</button>`);
  }
  if (UNFINISHED.has(version.status) && version.status !== "awaiting_approval") {
    buttons.push(html`<button type="button" class="quiet" ?disabled=${busy} @click=${() => stop(version, at)}>${t("stop")}</button>`);
  }
  return buttons.length ? html`<div class="actions">${buttons}</div>` : nothing;
}

async function stop(version, at) {
  const body = html`<p>${t("stop.what")}</p>`;
  if (!(await confirm({ title: t("stop.sure"), body, yes: t("stop"), danger: true }))) return;
  act(() => call("POST", at("runs", version.run, "cancel")));
}

function end(persona) {
  return html`
    <section class="card end">
      <h2>${t("more")}</h2>
      <p><a class="button quiet" href=${to("new", persona)}>${t("addExport.link")}</a></p>
      <p class="hint">${t("erase.what", { persona })}</p>
      <p><button type="button" class="danger" ?disabled=${busy} @click=${() => erase(persona)}>${t("erase", { persona })}</button></p>
    </section>`;
}

async function erase(persona) {
  const body = html`<p>${t("erase.what", { persona })}</p><p>${t("erase.final")}</p>`;
  if (!(await confirm({ title: t("erase.sure", { persona }), body, yes: t("erase", { persona }), danger: true }))) return;
  await act(async () => {
    const receipt = await call("DELETE", personaPath(persona));
    go("erased", receipt.id, persona);
    await loadPersonas();
  });
}

async function act(what) {
  refused = null;
  busy = true;
  redraw();
  try {
    await what();
    await look();
  } catch (error) {
    refused = error;
  }
  busy = false;
  redraw();
}
