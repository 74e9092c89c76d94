"""How alike a new version writes, and whether it takes the live one's place.

It is asked what its persona answered in the conversations that were kept from training. The report is written
beside the dataset, because it shows chat text; what leaves this module are numbers.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maltu.errors import ProviderError
from maltu.gate import Thresholds, Verdict, judge
from maltu.interview import Interview
from maltu.naming import dataset_prefix
from maltu.providers.base_models import base_model
from maltu.serving import LiveModel
from maltu.style import assess, read_dataset, render_page
from maltu.style.turns import spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.providers import Inference
    from maltu.registry import Registry
    from maltu.storage import Bucket
    from maltu.style import Question, StyleReport, Turn
    from maltu.table import Item

_DATASET = ("report.json", "train.jsonl", "validation.jsonl")
_NO_BASE = (
    "The untuned base model was not asked, because the provider does not serve it: the other speaker alone "
    "is the floor."
)
_SHOWN = ("overall", "low", "high", "copy_rate", "auc", "blocks", "void")


@dataclass(frozen=True, slots=True)
class Version:
    """The version that is evaluated.

    Attributes:
        item: the registry's.
        model: what to ask for it.
        base: what to ask for what it was tuned from.
    """

    item: Item
    model: str
    base: str

    @property
    def prefix(self) -> str:
        """Where its dataset stands, and its report will."""
        return dataset_prefix(self.item["persona"], self.item["version"])

    def asked_as(self, model: str) -> LiveModel:
        """How the endpoint asks a model for this version."""
        item = self.item
        return LiveModel(item["persona"], item["version"], model, item["settings"], item["named"])


def report_style(
    run: Mapping[str, Any], *, bucket: Bucket, registry: Registry, inference: Inference
) -> dict[str, Any]:
    """Ask a run's model, write its style report, and decide whether it is promoted.

    Args:
        run: ``persona``, ``version``, ``base_model``, ``host``, ``validation_key`` (None where nothing was
            kept from training) and ``model``.
        bucket: holds the dataset, and gets ``replies.jsonl``, ``style.json`` and ``style.html``.
        registry: knows the version's settings and which one is live.
        inference: asks the model.

    Returns:
        ``promote``; ``verdict``, why, in words; ``scores``: ``asked`` and ``void``, and numbers of the report
        as far as there are any.

    Raises:
        ProviderError: the model does not answer.
        LookupError: the version is gone.
    """
    persona, name = run["persona"], run["version"]
    item = registry.version(persona, name)
    if item is None:
        raise LookupError(f"The registry has no version {name}.")
    tuned_from = base_model(run["base_model"], host=run["host"])
    version = Version(item, run["model"], tuned_from.serving_id or tuned_from.id)
    asked = item["settings"]["style_prompts"]
    if not asked:
        return _unmeasured("Nobody measured its style: style_prompts is 0.")
    if run["validation_key"] is None:
        return _unmeasured("Nobody measured its style: no conversation was kept from training.")
    report, replies = _examined(version, asked, Interview(bucket, inference))
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


def _examined(version: Version, asked: int, interview: Interview) -> tuple[StyleReport, int]:
    """Make the report; and say how many answers it rests on."""
    with interview.bucket.copied_together(version.prefix, _DATASET) as folder:
        material = read_dataset(folder)
    # Those of every conversation, the long ones more.
    questions = spread(material.questions, asked)
    key = f"{version.prefix}/replies.jsonl"
    replies = interview.replies(version.asked_as(version.model), questions, key=key)
    base = _of_the_base(version, questions, interview)
    report = assess(material, {version.item["version"]: replies}, base=base)
    if not base:
        report = dataclasses.replace(report, warnings=(*report.warnings, _NO_BASE))
    return report, len(replies)


def _of_the_base(version: Version, questions: Sequence[Question], interview: Interview) -> Sequence[Turn]:
    key = f"{version.prefix}/replies-base.jsonl"
    try:
        return interview.replies(version.asked_as(version.base), questions, key=key)
    except ProviderError:
        # A floor more is worth having, and no reason to keep a model back.
        return ()


def _judged(shown: Mapping[str, Any], live: str | None, version: Version, bucket: Bucket) -> Verdict:
    settings = version.item["settings"]
    stored = bucket.read(f"{dataset_prefix(version.item['persona'], live)}/style.json") if live else None
    most = Thresholds(settings["max_style_drop"], settings["max_copy_rate"])
    return judge(shown, json.loads(stored) if stored else None, live_version=live, most=most)


def _unmeasured(why: str) -> dict[str, Any]:
    return {"promote": True, "verdict": why, "scores": {"asked": 0, "void": True}}
