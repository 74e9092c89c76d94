// Who speaks in an export, as the endpoint read it.
import { html, nothing } from "../parts/lit-html.js";
import { tile } from "../pieces.js";
import { bytes, maybe, number, t } from "../words.js";

const FEW = 8;

/** Show an export, and let one of its speakers be chosen. */
export function preview(found, speaker, choose) {
  const dates = found.rooms.flatMap((room) => [room.first, room.last]).filter(Boolean).sort();
  return html`
    <section class="card" aria-labelledby="found">
      <h2 id="found">${t("preview")}</h2>
      <p class="hint">${found.file_name}</p>
      <dl class="tiles">
        ${tile(t("messages"), number(found.messages))}
        ${tile(t("rooms"), number(found.rooms.length), rooms(found))}
        ${dates.length ? tile(t("time"), span(dates[0], dates.at(-1))) : nothing}
      </dl>
      ${found.warnings.map((warning) => html`<p class="warning" lang="en">${warning}</p>`)}
      ${Object.keys(found.skipped).length ? skipped(found.skipped) : nothing}
    </section>
    <fieldset class="card speakers">
      <legend>${t("whoseTone")}</legend>
      ${found.speakers.slice(0, FEW).map((each) => one(each, found, speaker, choose))}
      ${found.speakers.length > FEW ? html`
        <details><summary>${t("moreSpeakers", { count: number(found.speakers.length - FEW) })}</summary>
          ${found.speakers.slice(FEW).map((each) => one(each, found, speaker, choose))}</details>` : nothing}
    </fieldset>`;
}

/** Show an export that is too large to be looked through while somebody waits, and let its speaker be named. */
export function unread(found, speaker, choose) {
  return html`
    <section class="card" aria-labelledby="found">
      <h2 id="found">${t("unread")}</h2>
      <p class="hint">${found.file_name} · ${bytes(found.bytes)}</p>
      <p>${t("unread.what")}</p>
      <label for="speaker">${t("whoseTone")}</label>
      <input id="speaker" required maxlength="200" autocomplete="off" .value=${speaker} aria-describedby="speaker-hint"
        @input=${(event) => choose(event.target.value)}>
      <p id="speaker-hint" class="hint">${t("unread.hint")}</p>
    </section>`;
}

function one({ name, messages }, found, speaker, choose) {
  return html`
    <label class="speaker">
      <input type="radio" name="speaker" value=${name} required ?checked=${name === speaker} @change=${() => choose(name)}>
      <span class="who"><b>${name}</b>
        <small>${t("messages.count", { count: number(messages) })}</small></span>
      <meter min="0" max=${found.speakers[0].messages} value=${messages} aria-hidden="true"></meter>
    </label>`;
}

function rooms(found) {
  const formats = [...new Set(found.rooms.map((room) => room.format))];
  return [...formats.map((format) => maybe(`format.${format}`, format)), found.rooms.length === 1 ? found.rooms[0].name : null]
    .filter(Boolean).join(" · ");
}

function skipped(counts) {
  return html`
    <details><summary>${t("skipped")}</summary>
      <ul class="plain">${Object.entries(counts).map(([reason, count]) => html`<li>${maybe(`skipped.${reason}`, reason)}: ${number(count)}</li>`)}</ul>
    </details>`;
}

const span = (first, last) => [first.slice(0, 7), last.slice(0, 7)].filter((each, at, all) => all.indexOf(each) === at).join(" – ");
