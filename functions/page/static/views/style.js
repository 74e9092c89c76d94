// How alike a version writes: its scores between floor and ceiling, its habits drawn over the person's, and its
// answers beside the real ones; for one version, and for two compared.
import { html, nothing } from "../parts/lit-html.js";
import "../charts.js";
import { call, personaPath, Refused } from "../api.js";
import { fold, problem, tile } from "../pieces.js";
import { redraw } from "../state.js";
import { distributions, samples } from "./exhibits.js";
import { maybe, moment, number, percent, t } from "../words.js";

// It is a trend, and no part of the overall score.
const UNCOUNTED = "chrf";

// By version: the report, "none" where there is none, or what went wrong.
const read = new Map();
// By version: which other one it is compared with.
const against = new Map();

/** Show a version's style report, if there is one. */
export function style(persona, { version }, versions) {
  const measured = versions.filter((each) => each.style?.asked);
  if (!measured.some((each) => each.version === version)) return nothing;
  const mine = styleOf(persona, version);
  if (!mine || mine === "none") return nothing;
  if (mine instanceof Error) return problem(mine);
  const others = measured.filter((each) => each.version !== version && styleOf(persona, each.version)?.scores);
  const other = others.find((each) => each.version === against.get(version));
  const sides = [{ name: t("thisVersion"), style: mine, colour: "s1" }];
  if (other) sides.push({ name: moment(other.created_at), style: styleOf(persona, other.version), colour: "s2" });
  const summary = html`<h3>${t("style")}</h3> <span class="score">${score(mine)}</span>`;
  return fold(`style ${version}`, summary, () => html`
      <p class="hint">${t("style.what")}</p>
      ${mine.void ? html`<div class="warning"><p>${t("style.void")}</p>${mine.void_because.map((why) => html`<p lang="en">${why}</p>`)}</div>` : nothing}
      ${mine.warnings.map((warning) => html`<p class="warning" lang="en">${warning}</p>`)}
      ${others.length ? compared(version, others) : nothing}
      <dl class="tiles">
        ${sides.map(({ name, style: each }) => tiles(each, sides.length > 1 ? `${name}: ` : ""))}
        ${has(mine.auc) ? tile(t("style.auc"), number(mine.auc, { maximumFractionDigits: 2 }), t("style.auc.note")) : nothing}
      </dl>
      ${scores(sides)}
      ${distributions(sides)}
      ${samples(sides)}`, { kind: "section style" });
}

/** Read a version's report once; nothing is shown until it is there. */
function styleOf(persona, version) {
  const at = `${persona}/${version}`;
  if (!read.has(at)) {
    read.set(at, null);
    call("GET", personaPath(persona, "versions", version, "style"))
      .catch((error) => (error instanceof Refused && error.status === 404 ? "none" : error))
      .then((found) => { read.set(at, found); redraw(); });
  }
  return read.get(at);
}

const score = ({ overall }) => (!has(overall) ? t("style.noScore") : percent(overall));

function compared(version, others) {
  return html`
    <label class="inline">${t("style.compare")}
      <select @change=${(event) => { against.set(version, event.target.value); redraw(); }}>
        <option value="">${t("style.alone")}</option>
        ${others.map((each) => html`<option value=${each.version} ?selected=${each.version === against.get(version)}>${moment(each.created_at)}</option>`)}
      </select>
    </label>`;
}

function tiles(style, prefix) {
  const between = has(style.low) ? `${percent(style.low)} – ${percent(style.high)}` : null;
  return [
    tile(`${prefix}${t("style.overall")}`, score(style), between),
    has(style.copy_rate) ? tile(`${prefix}${t("style.copied")}`, percent(style.copy_rate)) : nothing,
  ];
}

function scores(sides) {
  const measures = [...new Set(sides.flatMap(({ style: each }) => Object.keys(each.scores)))];
  if (!measures.length) return nothing;
  const names = measures.map((name) => maybe(`measure.${name}`, name) + (name === UNCOUNTED ? " *" : ""));
  const ranges = sides.map(({ name, style: each, colour }) => ({
    label: t("style.range", { name }), kind: "range", colour,
    data: measures.map((measure) => { const { low, high } = each.scores[measure] ?? {}; return has(low) ? [low, high] : null; }),
  }));
  const points = sides.map(({ name, style: each, colour }) => ({
    label: name, kind: "points", colour, data: measures.map((measure) => each.scores[measure]?.scaled ?? null),
  }));
  return html`
    <chart-box .chart=${{ label: t("style.scores"), rows: true, labels: names, sets: [...points, ...ranges], least: 0, most: 1, marks: [0, 1] }}></chart-box>
    <p class="hint">${t("style.scores.what")}</p>
    <details class="numbers"><summary>${t("style.numbers")}</summary><div class="scroll"><table>
      <thead><tr><th scope="col">${t("style.measure")}</th>${sides.map(({ name }) => html`<th scope="col">${name}</th>`)}
        <th scope="col">${t("style.floor")}</th><th scope="col">${t("style.ceiling")}</th></tr></thead>
      <tbody>${measures.map((measure, at) => html`<tr><th scope="row">${names[at]}</th>
        ${sides.map(({ style: each }) => html`<td>${decimal(each.scores[measure]?.value)}</td>`)}
        <td>${decimal(sides[0].style.scores[measure]?.floor)} <small>${maybe(`floor.${sides[0].style.scores[measure]?.floor_is}`, sides[0].style.scores[measure]?.floor_is ?? "")}</small></td>
        <td>${decimal(sides[0].style.scores[measure]?.ceiling)}</td></tr>`)}</tbody>
    </table></div></details>`;
}

const has = (value) => value !== null && value !== undefined;

const decimal = (value) => (has(value) ? number(value, { maximumFractionDigits: 3 }) : "–");
