"""A model is asked what the held-out turns of its persona answer, as the endpoint would ask it.

Each answer costs money, so what was answered is kept in the bucket also where asking breaks off: whoever
tries again asks only the rest.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maltu import serving
from maltu.providers import Sampling
from maltu.providers.estimates import EVALUATION_ANSWER_TOKENS
from maltu.style import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maltu.providers import Inference
    from maltu.serving import LiveModel
    from maltu.storage import Bucket
    from maltu.style import Question

# Few enough for the smallest rate limits, and for a model that answers one at a time.
AT_ONCE: Final = 2
# Two models are asked within one invocation; what was not answered by then is not asked any more.
SECONDS: Final = 200.0

# Asked again, a provider that knows seeds gives the same answers.
_SAMPLING: Final = Sampling(max_tokens=EVALUATION_ANSWER_TOKENS, seed=20261122)


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
        lines = [json.loads(line) for line in (self.bucket.read(key) or b"").splitlines()]
        asked = [question.asked for question in questions[: len(lines)]]
        if [line["prompt"] for line in lines] != asked or any(line["model"] != model for line in lines):
            return []
        return [Turn(line["reply"], line["prompt"]) for line in lines]

    def _keep(self, model: str, replies: Sequence[Turn], *, key: str) -> None:
        lines = ({"prompt": turn.prompt, "reply": turn.text, "model": model} for turn in replies)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        # Half an emoji has no UTF-8.
        self.bucket.write(key, text.encode("utf-8", "replace"), content_type="application/jsonl")
