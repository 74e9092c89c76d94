"""How alike a new version writes, and whether it takes the live one's place.

It is measured by what it answered to the questions that were kept from training (:mod:`maltu.interview`). The
report is written beside the dataset, because it shows chat text; what leaves this module are numbers.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from maltu.gate import Thresholds, Verdict, judge
from maltu.interview import Version, replies_of
from maltu.naming import dataset_prefix
from maltu.style import read_dataset, render_page
from maltu.style.assess import assess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.registry import Registry
    from maltu.storage import Bucket
    from maltu.style import StyleReport

_DATASET = ("report.json", "train.jsonl", "validation.jsonl")
_NO_BASE = (
    "The untuned base model was not asked, because the provider does not serve it: the other speaker alone "
    "is the floor."
)
_SHOWN = ("overall", "low", "high", "copy_rate", "auc", "blocks", "void")


def report_style(run: Mapping[str, Any], *, bucket: Bucket, registry: Registry) -> dict[str, Any]:
    """Write the style report of a run's model, and decide whether it is promoted.

    Args:
        run: what :func:`maltu.interview.interview` was given, and what it returned.
        bucket: holds the dataset and the answers, and gets ``style.json`` and ``style.html``.
        registry: knows the version's settings and which one is live.

    Returns:
        ``promote``; ``verdict``, why, in words; ``scores``: ``asked`` and ``void``, and numbers of the report
        as far as there are any.

    Raises:
        LookupError: the version is gone.
    """
    persona, name = run["persona"], run["version"]
    version = Version.of(run, registry)
    if not version.item["settings"]["style_prompts"]:
        return _unmeasured("Nobody measured its style: style_prompts is 0.")
    if run["validation_key"] is None:
        return _unmeasured("Nobody measured its style: no conversation was kept from training.")
    report, replies = _examined(version, bucket, floor=run["base_asked"] > 0)
    shown = report.as_shown()
    live = (registry.persona(persona) or {}).get("live_version")
    verdict = _judged(shown, live if live != name else None, version, bucket)
    content = json.dumps(shown, ensure_ascii=False, indent=2) + "\n"
    files = {
        "style.json": (content, "application/json"),
        "style.html": (render_page(report), "text/html; charset=utf-8"),
    }
    for file, (text, kind) in files.items():
        # Half an emoji has no UTF-8.
        bucket.write(f"{version.prefix}/{file}", text.encode("utf-8", "replace"), content_type=kind)
    scores = {field: shown[field] for field in _SHOWN if shown[field] is not None}
    return {"promote": verdict.promote, "verdict": verdict.why, "scores": {"asked": replies, **scores}}


def _examined(version: Version, bucket: Bucket, *, floor: bool) -> tuple[StyleReport, int]:
    """Make the report, above the base model's answers as a floor; and say how many answers it rests on."""
    with bucket.copied_together(version.prefix, _DATASET) as folder:
        material = read_dataset(folder)
    replies = replies_of(version.model, bucket, key=version.replies_key)
    base = replies_of(version.base, bucket, key=version.base_replies_key) if floor else []
    report = assess(material, {version.item["version"]: replies}, base=base)
    if not base:
        report = dataclasses.replace(report, warnings=(*report.warnings, _NO_BASE))
    return report, len(replies)


def _judged(shown: Mapping[str, Any], live: str | None, version: Version, bucket: Bucket) -> Verdict:
    settings = version.item["settings"]
    stored = bucket.read(f"{dataset_prefix(version.item['persona'], live)}/style.json") if live else None
    most = Thresholds(settings["max_style_drop"], settings["max_copy_rate"])
    return judge(shown, json.loads(stored) if stored else None, live_version=live, most=most)


def _unmeasured(why: str) -> dict[str, Any]:
    return {"promote": True, "verdict": why, "scores": {"asked": 0, "void": True}}
