// What a version was trained on: the dataset's report, drawn.
import { html, nothing } from "../parts/lit-html.js";
import "../charts.js";
import { call, personaPath } from "../api.js";
import { fold, loading, problem, tile } from "../pieces.js";
import { redraw } from "../state.js";
import { dollars, maybe, number, t } from "../words.js";

const MOST_SPEAKERS = 8;

// The samples that were looked at, by version.
const read = new Map();

/** Show the report's numbers; its samples are read when somebody wants to see them. */
export function report(persona, version, open) {
  const { report: about } = version;
  return fold(`report ${version.version}`, html`<h3>${t("report")}</h3>`, () => html`
      <dl class="tiles">
        ${tile(t("messages"), number(about.messages))}
        ${tile(t("conversations"), number(about.conversations))}
        ${tile(t("examples"), number(about.examples.train + about.examples.validation), t("examples.split", { train: number(about.examples.train), validation: number(about.examples.validation) }))}
        ${tile(t("tokens"), number(about.tokens.train + about.tokens.validation))}
        ${cost(version)}
        ${tile(t("turn.length"), number(about.persona_turn_characters.p50), t("turn.length.note", { most: number(about.persona_turn_characters.p99) }))}
      </dl>
      ${about.warnings.map((warning) => html`<p class="warning" lang="en">${warning}</p>`)}
      <div class="charts">${charts(about).map((chart) => html`<chart-box .chart=${chart}></chart-box>`)}</div>
      ${samples(persona, version)}`, { open });
}

function cost(version) {
  if (version.billed_usd !== undefined && version.billed_usd !== null) return tile(t("billed"), dollars(version.billed_usd));
  if (version.estimate_usd === undefined || version.estimate_usd === null) return nothing;
  return tile(t("estimate"), dollars(version.estimate_usd));
}

function charts(about) {
  const counts = (label, entries, name) => ({
    label, rows: true, labels: entries.map(([key]) => name(key)),
    sets: [{ label: t("count"), data: entries.map(([, count]) => count) }],
  });
  const sorted = (numbers) => Object.entries(numbers).sort((one, other) => other[1] - one[1]);
  const shown = [
    { label: t("chart.months"), labels: Object.keys(about.months), sets: [{ label: t("messages"), data: Object.values(about.months) }] },
    counts(t("chart.speakers"), sorted(about.speakers).slice(0, MOST_SPEAKERS), (name) => name),
    { label: t("chart.lengths"), labels: [t("p50"), t("p90"), t("p99")],
      sets: [{ label: t("characters"), data: ["p50", "p90", "p99"].map((each) => about.persona_turn_characters[each]) }] },
    { label: t("chart.turns"), labels: [about.speaker, t("others")],
      sets: [{ label: t("turns"), data: [about.turns.persona, about.turns.user] }], rows: true },
    counts(t("chart.skipped"), sorted(about.skipped), (reason) => maybe(`skipped.${reason}`, reason)),
    counts(t("chart.masked"), sorted(about.masked), (kind) => maybe(`masked.${kind}`, kind)),
  ];
  return shown.filter((chart) => chart.labels.length);
}

function samples(persona, { version }) {
  return fold(`samples ${version}`, t("samples"), () => {
    const got = samplesOf(persona, version);
    if (!got) return loading();
    if (got instanceof Error) return problem(got);
    return got.map((sample) => html`<div class="talk">${said(sample)}</div>`);
  }, { kind: "samples" });
}

/** Read a version's samples once. */
function samplesOf(persona, version) {
  if (!read.has(version)) {
    read.set(version, null);
    call("GET", personaPath(persona, "versions", version, "report"))
      .then((report) => report.samples ?? [], (error) => error)
      .then((found) => { read.set(version, found); redraw(); });
  }
  return read.get(version);
}

/** An example in any of the formats, as bubbles. */
function said(sample) {
  const messages = sample.messages
    ? sample.messages.map(({ role, content }) => [role, typeof content === "string" ? content : content.map((part) => part.text).join("\n")])
    : [["user", sample.prompt ?? ""], ["assistant", sample.completion ?? ""]];
  return messages
    .filter(([role, text]) => role !== "system" && text.trim())
    .map(([role, text]) => text.trim().split("\n").map((line) => html`
      <p class="said ${role === "assistant" ? "theirs" : "mine"}"><span class="bubble">${line}</span></p>`));
}
