// Charts: Chart.js draws them, and the same numbers stand in a table below for whoever does not see the drawing.
import { html, render } from "./parts/lit-html.js";
import { number, t } from "./words.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * `.chart` is {label, labels, sets, rows, least, most, marks}: its title, what its data are of, each set as {label,
 * data, kind, colour, share}, whether bars lie, the least span of its scale, and the lines that stand out.
 */
class ChartBox extends HTMLElement {
  #drawn = null;
  #said = "";
  #wanted = null;

  set chart(wanted) {
    const said = JSON.stringify(wanted);
    if (said === this.#said) return;
    this.#said = said;
    this.#wanted = wanted;
    if (this.isConnected) this.#draw();
  }

  connectedCallback() {
    dark.addEventListener("change", this.#draw);
    this.#draw();
  }

  disconnectedCallback() {
    dark.removeEventListener("change", this.#draw);
    this.#drawn?.destroy();
    this.#drawn = null;
  }

  #draw = async () => {
    const wanted = this.#wanted;
    if (!wanted) return;
    render(frame(wanted), this);
    await import("./parts/chart.js");
    if (wanted !== this.#wanted || !this.isConnected) return;
    this.#drawn?.destroy();
    const css = getComputedStyle(this);
    globalThis.Chart.defaults.font.family = css.fontFamily;
    this.#drawn = new globalThis.Chart(this.querySelector("canvas"), config(wanted, css));
  };
}

customElements.define("chart-box", ChartBox);

function frame({ label, rows, labels, sets }) {
  return html`
    <figure>
      <figcaption>${label}</figcaption>
      <div class="canvas" data-rows=${rows ? Math.min(labels.length, 12) : "plain"}>
        <canvas role="img" aria-label=${label}></canvas>
      </div>
      <details class="numbers"><summary>${t("asTable")}</summary>
        <div class="scroll"><table>
          <thead><tr><th scope="col"><span class="hidden">${label}</span></th>${sets.map((set) => html`<th scope="col">${set.label}</th>`)}</tr></thead>
          <tbody>${labels.map((name, at) => html`<tr><th scope="row">${name}</th>${sets.map((set) => html`<td>${cell(set.data[at], set)}</td>`)}</tr>`)}</tbody>
        </table></div>
      </details>
    </figure>`;
}

function cell(value, { share }) {
  const shown = (each) => number(each, share ? { style: "percent", maximumFractionDigits: 1 } : { maximumFractionDigits: 2 });
  if (value === null || value === undefined) return "–";
  return Array.isArray(value) ? value.map(shown).join(" – ") : shown(value);
}

function config(wanted, css) {
  const colour = (name) => css.getPropertyValue(`--${name}`).trim();
  const along = wanted.rows ? "y" : "x";
  const across = wanted.rows ? "x" : "y";
  const axis = { ticks: { color: colour("muted"), font: { size: 12 } }, grid: { display: false }, border: { color: colour("line") } };
  const share = wanted.sets.some((set) => set.share);
  const named = wanted.sets.filter((set) => set.kind !== "range");
  return {
    type: "bar",
    data: { labels: wanted.labels, datasets: wanted.sets.map((set) => dataset(set, colour)) },
    options: {
      indexAxis: along,
      maintainAspectRatio: false,
      animation: false,
      scales: {
        [along]: { ...axis, ticks: { ...axis.ticks, autoSkip: !wanted.rows } },
        [across]: {
          ...axis,
          suggestedMin: wanted.least, suggestedMax: wanted.most, beginAtZero: true,
          grid: { color: (tick) => colour(wanted.marks?.includes(tick.tick?.value) ? "muted" : "line") },
          ticks: { ...axis.ticks, maxTicksLimit: 6, precision: share || wanted.marks ? undefined : 0,
            ...(share ? { callback: (value) => number(value, { style: "percent", maximumFractionDigits: 0 }) } : {}) },
        },
      },
      plugins: {
        legend: {
          display: named.length > 1,
          labels: { color: colour("ink"), boxHeight: 7, usePointStyle: true,
            filter: (item) => named.includes(wanted.sets[item.datasetIndex]) },
        },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${cell(item.raw, wanted.sets[item.datasetIndex])}` } },
      },
    },
  };
}

function dataset({ label, data, kind = "bar", colour: name = "s1" }, colour) {
  const line = colour(name);
  const common = { label, data, borderColor: line };
  if (kind === "backdrop") return { ...common, backgroundColor: `${line}55`, borderWidth: 0, borderRadius: 4, grouped: false, order: 9, pointStyle: "rect" };
  if (kind === "line") return { ...common, type: "line", backgroundColor: line, borderWidth: 2, pointRadius: 4, tension: 0.2, order: 1 };
  if (kind === "dashed") return { ...common, type: "line", backgroundColor: line, borderWidth: 2, borderDash: [5, 4], pointRadius: 3, pointStyle: "triangle", order: 2 };
  if (kind === "points") return { ...common, type: "line", showLine: false, backgroundColor: line, pointRadius: 6, order: 1 };
  if (kind === "range") return { ...common, backgroundColor: `${line}66`, borderWidth: 0, borderRadius: 3, borderSkipped: false, barPercentage: 0.5, order: 5 };
  return { ...common, backgroundColor: line, borderWidth: 0, borderRadius: 4, maxBarThickness: 36 };
}
