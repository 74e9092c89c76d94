"""``maltu style``: how alike a model writes, on one's own machine."""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from maltu.errors import StyleExtraMissing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from maltu.cli.arguments import Arguments
    from maltu.style import StyleReport

_LIBRARIES = ("numpy", "sacrebleu", "scipy", "sklearn", "threadpoolctl")
_LABEL = 15


def style(arguments: Arguments) -> None:
    """Write ``style.json`` and ``style.html``, and print a summary.

    Raises:
        StyleExtraMissing: the libraries are not installed.
        StyleError: the dataset or the replies cannot be read; nothing is written.
        OSError: a file cannot be read or written.
    """
    if missing := [name for name in _LIBRARIES if find_spec(name) is None]:
        raise StyleExtraMissing(
            f"A style report needs {', '.join(missing)}, which are no part of a plain installation. "
            "From the checkout: pip install '.[style]'"
        )
    from maltu.style import NAMES, read_dataset, read_replies, render_page  # noqa: PLC0415 - see above
    from maltu.style.assess import assess  # noqa: PLC0415 - see above

    versions = [arguments.replies, *([arguments.compare] if arguments.compare else [])]
    material = read_dataset(arguments.dataset)
    replies = {
        label: read_replies(path) for label, path in zip(_labels(versions, NAMES), versions, strict=True)
    }
    base = read_replies(arguments.base) if arguments.base else ()
    report = assess(material, replies, base=base)
    arguments.out.mkdir(parents=True, exist_ok=True)
    files = {
        "style.json": json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n",
        "style.html": render_page(report),
    }
    with tempfile.TemporaryDirectory(dir=arguments.out, prefix=".maltu-") as folder:
        for name, text in files.items():
            # Half an emoji has no UTF-8.
            (Path(folder) / name).write_text(text, "utf-8", "replace")
        for name in files:
            (Path(folder) / name).replace(arguments.out / name)
    sys.stdout.write(summarise(report, arguments.out))


def _labels(paths: Sequence[Path], taken: Collection[str]) -> list[str]:
    """Call each file by as little of its path as tells it from the other and from what else is measured."""
    short = [path.stem for path in paths]
    longer = [f"{path.parent.name}/{path.stem}" for path in paths]
    for labels in (short, longer):
        if len({*labels, *taken}) == len(labels) + len(taken):
            return labels
    return [str(path) for path in paths]


def summarise(report: StyleReport, out: Path) -> str:
    """Write a report in lines of a label and what there is to say."""
    lines = [f"{label:<{_LABEL - 1}} {said}" for label, said in _lines(report) if said]
    notes = [f"! {warning}" for warning in report.warnings]
    return "\n".join([*lines, *notes, f"{'Written to':<{_LABEL}}{out}", ""])


def _lines(report: StyleReport) -> Iterator[tuple[str, str]]:
    yield "Persona", report.speaker
    if report.auc is not None:
        yield "Told apart", f"AUC {report.auc:.2f}, compared on {report.blocks} blocks of 20 messages"
    for why in report.void_because:
        yield "Void", f"{why}."
    for label, standing in report.standings.items():
        copied = f"{standing.copy_rate:.0%} of the long replies copied"
        if report.void:
            yield label, copied
            continue
        yield (
            label,
            f"{standing.overall:.2f} of 1 ({standing.low:.2f} to {standing.high:.2f}); {copied}",
        )
    if report.difference and not report.void:
        difference = report.difference
        yield "Difference", f"{difference.value:+.2f} ({difference.low:+.2f} to {difference.high:+.2f})"
    if not report.void:
        yield (
            "Beside",
            ", ".join(f"{name} {standing.likeness:.2f}" for name, standing in report.beside.items()),
        )
