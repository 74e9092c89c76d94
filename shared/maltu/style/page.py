"""A report as one page that needs nothing from anywhere: styles and charts stand in it, and no script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from maltu.style.charts import distribution_chart, score_chart
from maltu.style.report import BASE, OTHER, PERSONA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from maltu.style.report import Sample, Score, StyleReport

_SAYS = {
    "authorship": "probability that the persona, not the other speaker, wrote a block of 20 messages",
    "bits_per_character": "how surprising the text is to a character model of the persona",
    "length": "distance of the messages' lengths",
    "bubbles": "distance of the messages in a turn",
    "laughter": "distance of laughter and tears (ㅋㅋ, ㅎㅎ, ㅠㅠ)",
    "emoji": "distance of the emoji in a message",
    "punctuation": "distance of the last punctuation",
    "endings": "distance of the last syllables",
    "copy_rate": "long replies that stand in the training data word for word",
    "distinct_1": "words that are new",
    "distinct_2": "pairs of words that are new",
    "self_repetition": "replies that were given before",
    "chrf": "characters in common with the real answer: a trend, no part of the overall score",
}
_CSS = """
:root { color-scheme: light dark; --ink: #222; --muted: #777; --line: #ccc; --paper: #fff;
  --s0: #666; --s1: #2b6cb0; --s2: #c05621; --s3: #97266d; --s4: #2f855a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --muted: #999; --line: #444; --paper: #17181a;
  --s0: #aaa; --s1: #63b3ed; --s2: #f6ad55; --s3: #ed64a6; --s4: #68d391; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2.2rem }
.overall { font-size: 2.4rem; margin: 0 } .void { color: #c53030; font-weight: 600 }
.muted { color: var(--muted) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
td.n { text-align: right; white-space: nowrap } .wide { overflow-x: auto }
td.said { white-space: pre-line; overflow-wrap: anywhere; min-width: 9rem }
svg { max-width: 100%; height: auto; display: block; font: 11px system-ui, sans-serif }
svg text { fill: currentColor } svg text.muted { fill: var(--muted) } svg .grid { stroke: var(--line) }
svg line { stroke-width: 2 } .key span { margin-right: 1.2em }
""" + "".join(
    f".s{at} {{ fill: var(--s{at}); stroke: var(--s{at}) }} rect.s{at} {{ stroke: none }} "
    f".key .s{at}::before {{ content: '■ '; color: var(--s{at}) }}\n"
    for at in range(5)
)


def render_page(report: StyleReport) -> str:
    """Write the page. It shows samples, and is therefore as private as the chat."""
    versions = ", ".join(report.standings)
    title = f"How alike does it write? {report.speaker}" + (f" · {versions}" if versions else "")
    return "\n".join(
        (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            *_verdict(report),
            *_scores(report),
            *_distributions(report),
            *_samples(report),
            "</body></html>\n",
        )
    )


def _verdict(report: StyleReport) -> Iterator[str]:
    for why in report.void_because:
        yield f'<p class="void">Void: {escape(why)}.</p>'
    if not report.void:
        for label, standing in report.standings.items():
            yield (
                f'<p class="overall">{standing.overall:.2f} <small class="muted">{escape(label)}, '
                f"95 % between {standing.low:.2f} and {standing.high:.2f}</small></p>"
            )
        yield (
            "<p>0 is as alike as the other speaker (or the untuned model), 1 as the persona's own messages "
            "that no model has seen. Copying the training data and repetition lower it.</p>"
        )
        if report.difference:
            value, low, high = report.difference.value, report.difference.low, report.difference.high
            yield f"<p>The first less the second: {value:+.2f} ({low:+.2f} to {high:+.2f}).</p>"
        beside = ", ".join(f"{name} {standing.likeness:.2f}" for name, standing in report.beside.items())
        yield f"<p>On the same scale: {escape(beside)}.</p>"
    if report.auc is not None:
        yield (
            f"<p>The two speakers can be told apart with an AUC of {report.auc:.2f} (0.5 is a coin). "
            f"{report.blocks} blocks of each set were compared.</p>"
        )
    for warning in report.warnings:
        yield f"<p>⚠ {escape(warning)}</p>"


def _scores(report: StyleReport) -> Iterator[str]:
    if not report.standings:
        return
    yield "<h2>Scores</h2>"
    yield _key(list(report.standings), first=1)
    yield score_chart({label: standing.scores for label, standing in report.standings.items()})
    for label, standing in report.standings.items():
        yield f'<h2>Numbers: {escape(label)}</h2><div class="wide"><table>'
        yield _row(("Measure", "Value", "Floor", "Ceiling", "Scaled", "95 %", "Floor is"), cell="th")
        for name, score in standing.scores.items():
            yield (
                f'<tr><td title="{escape(_SAYS[name])}">{escape(name)}<br>'
                f'<small class="muted">{escape(_SAYS[name])}</small></td>{_numbers(score)}'
                f"<td>{escape(score.floor_is)}</td></tr>"
            )
        yield "</table></div>"


def _numbers(score: Score) -> str:
    shown = [f"{number:.3f}" for number in (score.value, score.floor, score.ceiling)]
    if score.scaled is None or score.low is None or score.high is None:
        shown += ["–", "the floor is no different"]
    else:
        shown += [f"{score.scaled:.2f}", f"{score.low:.2f} to {score.high:.2f}"]
    return "".join(f'<td class="n">{each}</td>' for each in shown)


def _distributions(report: StyleReport) -> Iterator[str]:
    if not report.distributions:
        return
    beside = [name for name in (OTHER, BASE) if name in report.beside]
    sets = [PERSONA, *report.standings, *beside]
    yield "<h2>Distributions</h2>"
    yield _key(sets)
    for name, bins in report.distributions.items():
        yield f"<h3>{escape(name)}</h3>"
        yield distribution_chart(name, bins, sets)


def _samples(report: StyleReport) -> Iterator[str]:
    if not report.samples:
        return
    names = list(dict.fromkeys(name for sample in report.samples for name in sample.replies))
    yield '<h2>Side by side</h2><div class="wide"><table>'
    yield _row(("Prompt", f"{report.speaker} really answered", *names), cell="th")
    for sample in report.samples:
        yield _row(_said(sample, names), cell='td class="said"')
    yield "</table></div>"


def _said(sample: Sample, names: Iterable[str]) -> Iterator[str]:
    yield sample.prompt
    yield sample.real
    yield from (sample.replies.get(name, "–") for name in names)


def _key(names: Iterable[str], *, first: int = 0) -> str:
    shown = "".join(f'<span class="s{at}">{escape(name)}</span>' for at, name in enumerate(names, first))
    return f'<p class="key">{shown}</p>'


def _row(cells: Iterable[str], *, cell: str) -> str:
    end = cell.partition(" ")[0]
    return f"<tr>{''.join(f'<{cell}>{escape(each)}</{end}>' for each in cells)}</tr>"
