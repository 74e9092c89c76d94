// What a style report shows beside its scores: habits drawn over the person's, and answers beside the real ones.
import { html, nothing } from "../parts/lit-html.js";
import "../charts.js";
import { maybe, t } from "../words.js";

const PERSONA = "persona, held out";
const OTHER = "other speaker";
const BASE = "base model";
const MOST_SAMPLES = 12;

/** Each habit as the person has it, with each version's over it. */
export function distributions(sides) {
  const found = sides[0].style.distributions ?? {};
  if (!Object.keys(found).length) return nothing;
  const charts = Object.entries(found).map(([marker, bins]) => ({
    label: maybe(`measure.${marker}`, marker),
    labels: bins.names,
    sets: [
      set(t("style.person"), bins.shares[PERSONA], "backdrop", "s0"),
      ...sides.map(({ name, style, colour }) =>
        set(name, matched(bins.names, style.distributions?.[marker], style.label), "line", colour)),
      set(t("style.other"), bins.shares[OTHER], "dashed", "s3"),
      set(t("style.base"), bins.shares[BASE], "dashed", "s4"),
    ].filter((each) => each.data),
  }));
  return html`
    <h4>${t("style.habits")}</h4>
    <p class="hint">${t("style.habits.what")}</p>
    <div class="charts">${charts.map((chart) => html`<chart-box .chart=${chart}></chart-box>`)}</div>`;
}

const set = (label, data, kind, colour) => ({ label, data, kind, colour, share: true });

/** Another report may have put the same bins in another order, or have others. */
function matched(names, bins, label) {
  if (!bins?.shares[label]) return null;
  return names.map((name) => bins.shares[label][bins.names.indexOf(name)] ?? 0);
}

/** Prompts, the person's real answers, and the versions': first what most of them were asked. */
export function samples(sides) {
  const asked = new Map();
  for (const { name, style } of sides) {
    for (const { prompt, real, replies } of style.samples ?? []) {
      const sample = asked.get(prompt) ?? { prompt, answers: [[t("style.real"), real]], sides: 0 };
      if (replies[BASE] && sample.sides === 0) sample.answers.push([t("style.base"), replies[BASE]]);
      sample.answers.push([name, replies[style.label]]);
      sample.sides += 1;
      asked.set(prompt, sample);
    }
  }
  if (!asked.size) return nothing;
  const shown = [...asked.values()].sort((one, other) => other.sides - one.sides).slice(0, MOST_SAMPLES);
  return html`
    <h4>${t("style.samples")}</h4>
    <ul class="plain beside">
      ${shown.map(({ prompt, answers }) => html`
        <li>
          <div>${bubbles(prompt, "mine")}</div>
          <dl>${answers.map(([who, text]) => html`<div><dt>${who}</dt><dd>${bubbles(text ?? "–", "theirs")}</dd></div>`)}</dl>
        </li>`)}
    </ul>`;
}

const bubbles = (text, whose) =>
  text.split("\n").map((line) => html`<p class="said ${whose}"><span class="bubble">${line}</span></p>`);
