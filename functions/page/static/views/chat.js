// Chatting: one line is one bubble, as messengers show it.
import { html, nothing } from "../parts/lit-html.js";
import { repeat } from "../parts/directives/repeat.js";
import { ask } from "../api.js";
import { looked, watch } from "../personas.js";
import { avatar, problem } from "../pieces.js";
import { to } from "../router.js";
import { redraw, state } from "../state.js";
import { streamed } from "../stream.js";
import { clock, moment, t } from "../words.js";
import { heading } from "./persona.js";

// The endpoint takes 200 messages; a persona needs fewer to know what it is talked to about.
const REMEMBERED = 60;
const OPENERS = ["opener.1", "opener.2", "opener.3"];

// What was said to whom; nowhere but here, and gone with the tab.
const talks = new Map();

const talkWith = (persona) => {
  if (!talks.has(persona)) talks.set(persona, { bubbles: [], typing: false, error: null, version: "" });
  return talks.get(persona);
};

export const title = ({ persona }) => persona;

export function enter({ persona }) {
  const stop = watch(persona);
  scrollDown();
  return stop;
}

export function view({ persona }) {
  const talk = talkWith(persona);
  const answers = !looked.about || looked.about.live_version || talk.version;
  return html`
    ${heading(persona, choice(talk))}
    <section class="chat" aria-label=${t("tab.chat")}>
      ${talk.bubbles.length ? nothing : answers ? opening(talk, persona) : html`
        <div class="opening"><p>${t("notYet.chat")}</p>
          <a class="button primary" href=${to("p", persona, "versions")}>${t("tab.versions")}</a></div>`}
      <div class="log" role="log" aria-live="polite" aria-label=${persona}>
        ${repeat(talk.bubbles, (_, at) => at, (bubble, at) => said(bubble, at, talk, persona))}
      </div>
      ${talk.typing ? html`
        <p class="typing" role="status"><span class="hidden">${t("typing", { persona })}</span>
          <span class="dots" aria-hidden="true"><i></i><i></i><i></i></span></p>` : nothing}
      ${problem(talk.error, () => reply(talk, persona))}
    </section>
    ${answers ? composer(talk, persona) : nothing}`;
}

function opening(talk, persona) {
  return html`
    <div class="opening">
      ${avatar(persona)}
      <p>${t("chat.opening", { persona })}</p>
      <ul class="openers">
        ${OPENERS.map((key) => html`<li><button type="button" class="quiet" @click=${() => say(talk, persona, t(key))}>${t(key)}</button></li>`)}
      </ul>
      <p class="hint">${t("chat.private")}</p>
    </div>`;
}

function said(bubble, at, talk, persona) {
  const before = talk.bubbles[at - 1];
  const after = talk.bubbles[at + 1];
  const first = before?.mine !== bubble.mine;
  const last = after?.mine !== bubble.mine;
  return html`
    <p class="said ${bubble.mine ? "mine" : "theirs"} ${first ? "first" : ""}">
      ${bubble.mine ? nothing : html`<span class="face">${first ? avatar(persona) : nothing}</span>`}
      <span class="hidden">${bubble.mine ? t("you") : persona}:</span>
      <span class="bubble">${bubble.text}</span>
      ${last ? html`<time datetime=${bubble.at.toISOString()}>${clock(bubble.at)}</time>` : nothing}
    </p>`;
}

/** Which version answers: the live one, or another to compare it with. */
function choice(talk) {
  const able = looked.about?.versions.filter((each) => ["succeeded", "candidate"].includes(each.status)) ?? [];
  if (able.length < 2) return nothing;
  const live = looked.about.live_version;
  return html`
    <label class="choice"><span class="hidden">${t("version")}</span>
      <select @change=${(event) => { talk.version = event.target.value; redraw(); }}>
        <option value="">${t("live")}</option>
        ${able.filter((each) => each.version !== live).map((each) => html`
          <option value=${each.version} ?selected=${each.version === talk.version}>${moment(each.created_at)}</option>`)}
      </select>
    </label>`;
}

function composer(talk, persona) {
  const send = (form) => {
    const field = form.elements.message;
    const text = field.value.trim();
    if (!text || talk.typing) return;
    field.value = "";
    say(talk, persona, text);
  };
  const typed = (event) => {
    // A Korean syllable that is still being composed is finished with Enter, not sent.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(event.target.form);
  };
  return html`
    <form class="composer" @submit=${(event) => { event.preventDefault(); send(event.target); }}>
      <label class="hidden" for="message">${t("message")}</label>
      <textarea id="message" name="message" rows="1" maxlength="4000" enterkeyhint="send"
        placeholder=${t("message")} @keydown=${typed}></textarea>
      <button class="send" aria-label=${t("send")} ?disabled=${talk.typing}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 19V5m0 0-6 6m6-6 6 6"></path></svg>
      </button>
    </form>`;
}

function say(talk, persona, text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  talk.bubbles.push(...lines.map((line) => ({ mine: true, text: line, at: new Date() })));
  reply(talk, persona);
}

async function reply(talk, persona) {
  Object.assign(talk, { typing: true, error: null });
  show();
  try {
    const model = talk.version ? `${persona}@${talk.version}` : persona;
    const answer = await ask("POST", "chat/completions", { model, stream: true, messages: history(talk) });
    for await (const line of lines(streamed(answer))) {
      await new Promise((done) => setTimeout(done, pace(line)));
      talk.bubbles.push({ mine: false, text: line, at: new Date() });
      show();
    }
  } catch (error) {
    talk.error = error;
  }
  talk.typing = false;
  show();
}

/** Turns as the persona was trained on them: everything one side said in a row, a line each. */
function history(talk) {
  const messages = [];
  for (const { mine, text } of talk.bubbles) {
    const role = mine ? "user" : "assistant";
    if (messages.at(-1)?.role === role) messages.at(-1).content += `\n${text}`;
    else messages.push({ role, content: text });
  }
  return messages.slice(-REMEMBERED);
}

async function* lines(texts) {
  let rest = "";
  for await (const text of texts) {
    const whole = (rest + text).split("\n");
    rest = whole.pop();
    yield* whole.filter((line) => line.trim());
  }
  if (rest.trim()) yield rest;
}

/** How long somebody types a line, in milliseconds. */
function pace(line) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return still ? 0 : Math.min(250 + 30 * line.length, 1200);
}

function show() {
  redraw();
  scrollDown();
}

function scrollDown() {
  requestAnimationFrame(() => {
    const chat = document.querySelector(".chat");
    if (chat && state.route.name === "chat") chat.scrollTop = chat.scrollHeight;
  });
}
