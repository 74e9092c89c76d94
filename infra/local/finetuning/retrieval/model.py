"""A trained retrieval model, answering."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from infra.local.finetuning.engine import Piece
from infra.local.finetuning.retrieval.fitting import softmax
from infra.local.finetuning.retrieval.memory import Memory
from infra.local.finetuning.retrieval.ranking import Candidates, Weights, find_candidates
from infra.local.finetuning.retrieval.turns import Context, context_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infra.local.finetuning.engine import Message, Sampling

TEMPERATURE: Final = 1.0
_WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True)
class RetrievalModel:
    """Answers with one of the persona's own turns; a token of this model is one character."""

    memory: Memory
    weights: Weights

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece]:
        """Answer a conversation; what already stands in it as the persona's turn is not said again."""
        said = [message.content for message in messages if message.role == "assistant"]
        answer = self._choose(context_of(messages), said, sampling)
        return _pieces(self.memory.framing.plain(answer), sampling.max_tokens)

    def complete(self, prompt: str, sampling: Sampling) -> Iterator[Piece]:
        """Continue a prompt; the completion comes as the dataset has it, with its stop sequence."""
        context = self.memory.framing.context(prompt)
        return _pieces(self._choose(context, prompt.split("\n"), sampling), sampling.max_tokens)

    def count_tokens(self, prompt: str | Sequence[Message]) -> int:
        """One a character."""
        return len(prompt) if isinstance(prompt, str) else sum(len(message.content) for message in prompt)

    @property
    def context_window(self) -> None:
        """What is long does not harm it."""

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        self.memory.save(folder)
        (folder / "weights.json").write_text(json.dumps(self.weights.tolist()), encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> RetrievalModel:
        """Open what ``save`` wrote."""
        weights = np.asarray(json.loads((folder / "weights.json").read_text(encoding="utf-8")))
        return RetrievalModel(Memory.load(folder), weights)

    def _choose(self, context: Context, said: Sequence[str], sampling: Sampling) -> str:
        candidates = find_candidates(self.memory, context, banned=self.memory.same_as(said))
        return self.memory.replies[self._pick(candidates, sampling, context)]

    def _pick(self, candidates: Candidates, sampling: Sampling, context: Context) -> int:
        scores = candidates.scores(self.weights)
        temperature = TEMPERATURE if sampling.temperature is None else sampling.temperature
        if temperature == 0:
            return int(candidates.replies[int(np.argmax(scores))])
        chances = softmax(scores / temperature)
        order = np.argsort(-chances, kind="stable")
        kept = order[: 1 + int(np.searchsorted(np.cumsum(chances[order]), sampling.top_p))]
        # Another question with the same seed deserves another draw, as from any sampler.
        dice = random.Random(None if sampling.seed is None else f"{sampling.seed}\n{context}")  # noqa: S311  chance, not secrecy
        chosen = dice.choices(kept.tolist(), weights=chances[kept].tolist())[0]
        return int(candidates.replies[chosen])


def _pieces(answer: str, most: int | None) -> Iterator[Piece]:
    """An answer word by word, cut after ``most`` characters."""
    kept = answer if most is None else answer[:most]
    for word in _WORD.findall(kept):
        yield Piece(word, len(word))
    yield Piece("", 0, "stop" if kept == answer else "length")
