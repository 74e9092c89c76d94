"""A dataset as the persona's turns, each with what it answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra.local.finetuning.engine import Dataset, Message

EARLIER_TURNS = 2


@dataclass(frozen=True, slots=True)
class Context:
    """What a turn answers: the other side's last turn, and what was said before it."""

    question: str
    earlier: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn the persona wrote."""

    context: Context
    reply: str


@dataclass(frozen=True, slots=True)
class Framing:
    """What surrounds the talk in a prompt/completion dataset: its separator and its stop sequence.

    Both are learned as what all prompts, or all completions, end with; a chat dataset has neither.
    """

    separator: str = ""
    stop: str = ""

    @staticmethod
    def of(dataset: Dataset) -> Framing:
        """The framing of a dataset."""
        if dataset.kind == "chat":
            return Framing()
        prompts, completions = zip(
            *((one.content, other.content) for one, other in dataset.examples), strict=True
        )
        return Framing(_common_end(prompts), _common_end(completions))

    def context(self, prompt: str) -> Context:
        """A raw prompt's last line is the question; its other lines came before."""
        *earlier, question = prompt.removesuffix(self.separator).strip().split("\n")
        return Context(question, "\n".join(earlier[-2 * EARLIER_TURNS :]))

    def plain(self, completion: str) -> str:
        """A completion as a chat message."""
        return completion.removesuffix(self.stop).strip()

    def as_json(self) -> dict[str, str]:
        """For the model's folder."""
        return asdict(self)


def turns_of(dataset: Dataset, framing: Framing) -> list[Turn]:
    """Every turn to learn, once: examples that overlap repeat their turns word for word."""
    return list(dict.fromkeys(_turns(dataset, framing)))


def context_of(messages: Sequence[Message]) -> Context:
    """The context of the answer to a conversation."""
    spoken = [message for message in messages if message.role != "system"]
    start = len(spoken)
    while start and spoken[start - 1].role == "user":
        start -= 1
    return Context(_joined(spoken[start:]), _joined(spoken[max(0, start - EARLIER_TURNS) : start]))


def _turns(dataset: Dataset, framing: Framing) -> Iterator[Turn]:
    for example in dataset.examples:
        for at, message in enumerate(example):
            if message.role != "assistant" or not message.learned:
                continue
            if dataset.kind == "chat":
                yield Turn(context_of(example[:at]), message.content)
            else:
                yield Turn(framing.context(example[0].content), message.content)


def _joined(messages: Iterable[Message]) -> str:
    return "\n".join(message.content for message in messages)


def _common_end(texts: Sequence[str]) -> str:
    first, last = min(texts, key=_reversed), max(texts, key=_reversed)
    length = 0
    while length < min(len(first), len(last)) and first[-1 - length] == last[-1 - length]:
        length += 1
    shared = first[len(first) - length :]
    # All texts being equal says nothing about where the talk ends.
    return "" if shared in texts else shared


def _reversed(text: str) -> str:
    return text[::-1]
