"""A model is asked what the held-out turns of its persona answer, as the endpoint would ask it.

Each answer costs money, so what was answered is kept in the bucket also where asking breaks off: whoever
tries again asks only the rest.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maltu import serving
from maltu.errors import ProviderError
from maltu.naming import dataset_prefix
from maltu.providers import Sampling
from maltu.providers.base_models import base_model
from maltu.providers.estimates import EVALUATION_ANSWER_TOKENS
from maltu.serving import LiveModel
from maltu.style import Turn, read_questions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maltu.providers import Inference
    from maltu.registry import Registry
    from maltu.storage import Bucket
    from maltu.style import Question
    from maltu.table import Item

# Few enough for the smallest rate limits, and for a model that answers one at a time.
AT_ONCE: Final = 2
# Two models are asked within one invocation; what was not answered by then is not asked any more.
SECONDS: Final = 200.0

# Asked again, a provider that knows seeds gives the same answers.
_SAMPLING: Final = Sampling(max_tokens=EVALUATION_ANSWER_TOKENS, seed=20261122)


@dataclass(frozen=True, slots=True)
class Version:
    """The version whose model is asked and measured.

    Attributes:
        item: the registry's.
        model: what to ask for it.
        base: what to ask for what it was tuned from.
    """

    item: Item
    model: str
    base: str

    @classmethod
    def of(cls, run: Mapping[str, Any], registry: Registry) -> Version:
        """Look a run's version up.

        Raises:
            LookupError: it is gone.
        """
        item = registry.version(run["persona"], run["version"])
        if item is None:
            raise LookupError(f"The registry has no version {run['version']}.")
        tuned_from = base_model(run["base_model"], host=run["host"])
        return cls(item, run["model"], tuned_from.serving_id or tuned_from.id)

    @property
    def prefix(self) -> str:
        """Where its dataset stands, and its answers and its report will."""
        return dataset_prefix(self.item["persona"], self.item["version"])

    @property
    def replies_key(self) -> str:
        """Where its model's answers stand, as ``maltu style`` reads them."""
        return f"{self.prefix}/replies.jsonl"

    @property
    def base_replies_key(self) -> str:
        """Where the answers of what it was tuned from stand."""
        return f"{self.prefix}/replies-base.jsonl"

    def asked_as(self, model: str) -> LiveModel:
        """How the endpoint asks a model for this version."""
        item = self.item
        return LiveModel(item["persona"], item["version"], model, item["settings"], item["named"])


def interview(
    run: Mapping[str, Any], *, bucket: Bucket, registry: Registry, inference: Inference
) -> dict[str, int]:
    """Ask a run's model, and what it was tuned from, what was kept from training.

    Args:
        run: ``persona``, ``version``, ``base_model``, ``host``, ``validation_key`` (None where nothing was
            kept from training) and ``model``.
        bucket: holds the dataset, and gets ``replies.jsonl`` and ``replies-base.jsonl``.
        registry: knows the version's settings.
        inference: asks the models.

    Returns:
        ``asked`` and ``base_asked``: how many questions each of the two answered; 0 of what was not to be
        asked, and of a base model that the provider does not serve.

    Raises:
        ProviderError: the model does not answer.
        LookupError: the version is gone.
    """
    version = Version.of(run, registry)
    settings = version.item["settings"]
    if not settings["style_prompts"] or run["validation_key"] is None:
        return {"asked": 0, "base_asked": 0}
    files = ["report.json", "validation.jsonl"]
    if settings["format"] == "completions":
        files.append("train.jsonl")
    with bucket.copied_together(version.prefix, files) as folder:
        questions = read_questions(folder, settings["style_prompts"])
    asking = Interview(bucket, inference)
    replies = asking.replies(version.asked_as(version.model), questions, key=version.replies_key)
    try:
        base = asking.replies(version.asked_as(version.base), questions, key=version.base_replies_key)
    except ProviderError:
        # A floor more is worth having, and no reason to keep a model back.
        base = []
    return {"asked": len(replies), "base_asked": len(base)}


def replies_of(model: str, bucket: Bucket, *, key: str) -> list[Turn]:
    """What this very model answered, as far as it is kept at ``key``."""
    lines = [json.loads(line) for line in (bucket.read(key) or b"").splitlines()]
    return [Turn(line["reply"], line["prompt"]) for line in lines if line["model"] == model]


@dataclass(frozen=True, slots=True)
class Interview:
    """Asks models, and keeps what they answer."""

    bucket: Bucket
    inference: Inference

    def replies(self, live: LiveModel, questions: Sequence[Question], *, key: str) -> list[Turn]:
        """Ask a model, or read what it answered before.

        Args:
            live: who is asked, and how.
            questions: in order.
            key: where the answers are kept in the bucket, as ``maltu style`` reads them.

        Returns:
            The answers to the questions, or to the first of them where time was too short for all.

        Raises:
            ProviderError: the provider does not answer; what it did answer is kept.
        """
        replies = self._kept(live.model, questions, key=key)
        before = len(replies)
        until = time.monotonic() + SECONDS
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [pool.submit(self._ask, live, question) for question in questions[before:]]
            try:
                for question, answer in zip(questions[before:], asked, strict=True):
                    if time.monotonic() > until:
                        break
                    replies.append(Turn(answer.result(), question.asked))
            finally:
                pool.shutdown(cancel_futures=True)
                if len(replies) > before:
                    self._keep(live.model, replies, key=key)
        return replies

    def _ask(self, live: LiveModel, question: Question) -> str:
        if question.prompt:
            answer = serving.complete(live, question.prompt, _SAMPLING, self.inference)
        else:
            answer = serving.ask(live, question.dialogue, _SAMPLING, self.inference)
        return answer.choices[0].text

    def _kept(self, model: str, questions: Sequence[Question], *, key: str) -> list[Turn]:
        """What this very model answered to the first of the questions."""
        replies = replies_of(model, self.bucket, key=key)
        asked = [question.asked for question in questions[: len(replies)]]
        return replies if [reply.prompt for reply in replies] == asked else []

    def _keep(self, model: str, replies: Sequence[Turn], *, key: str) -> None:
        lines = ({"prompt": turn.prompt, "reply": turn.text, "model": model} for turn in replies)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        # Half an emoji has no UTF-8.
        self.bucket.write(key, text.encode("utf-8", "replace"), content_type="application/jsonl")
