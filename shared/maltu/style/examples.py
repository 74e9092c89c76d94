"""A dataset's lines, in any of its formats, back into what was asked and what the persona said."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from maltu.errors import UnreadableDataset
from maltu.prompts import dialogue_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Record = dict[str, Any]


class Question(NamedTuple):
    """What a turn of the persona's answers.

    Attributes:
        asked: the other side's last turn, as it stands there.
        dialogue: messages of ``role`` and ``content`` up to it, without the system prompt; none in the
            ``completions`` format.
        prompt: that format's prompt, whole; empty in the others.
    """

    asked: str
    dialogue: tuple[dict[str, str], ...] = ()
    prompt: str = ""


# What is answered, and what the persona said.
Pair = tuple[Question, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Who stands before a line as ``<name>: ``: each of the others in a group, the sides in a prompt."""

    persona: str
    others: frozenset[str]

    @classmethod
    def of(cls, speaker: str, others: Iterable[str]) -> Names:
        """Add to the speakers' names what a two-person prompt calls the other side."""
        other_side, persona = dialogue_labels(speaker, named=False)
        return cls(persona, frozenset({*others, other_side}))

    def unnamed(self, text: str) -> str:
        """Leave out the others' names."""
        return "\n".join(
            line.partition(": ")[2] if self.is_others(line) else line for line in text.split("\n")
        )

    def is_others(self, line: str) -> bool:
        """Tell whether one of the others' names stands before a line."""
        name, colon, _ = line.partition(": ")
        return bool(colon) and name in self.others

    def is_personas(self, line: str) -> bool:
        """Tell whether the persona's name does."""
        return line.startswith(f"{self.persona}: ")


def dialogue(path: Path, lines: Iterable[tuple[int, Record]]) -> Iterator[Pair]:
    """Give the taught turns of ``chat`` and ``bedrock``, without those that are weighted 0.

    A turn is weighted 0 because another line teaches it, or because it was cut short; with it goes what it
    answered.

    Raises:
        UnreadableDataset: a line is in neither format.
    """
    for number, record in lines:
        messages = record.get("messages")
        if not isinstance(messages, list):
            raise UnreadableDataset(f"{path}, line {number}: it is an example in none of the formats.")
        asked = ""
        before: list[dict[str, str]] = []
        for message in cast("list[Any]", messages):
            try:
                role, text, weight = message["role"], _text(message["content"]), message.get("weight")
            except (TypeError, KeyError, AttributeError):
                raise UnreadableDataset(
                    f"{path}, line {number}: a message has no role or no content."
                ) from None
            if role == "user":
                asked = text
            elif role == "assistant" and weight != 0:
                yield Question(asked, tuple(before)), text
            if role != "system":
                before.append({"role": role, "content": text})


def is_completions(records: Iterable[Record]) -> bool:
    """Tell whether lines are in the legacy format."""
    return all({"prompt", "completion"} <= record.keys() for record in records)


@dataclass(frozen=True, slots=True)
class Completions:
    """Reads ``completions``, whose prompts hold the dialogue so far.

    Attributes:
        names: who stands before the prompts' lines.
        separator: every prompt ends with it; ``stop`` likewise every completion.
        labelled: whether the prompts show a dialogue and not one turn alone.
    """

    names: Names
    separator: str
    stop: str
    labelled: bool

    @classmethod
    def of(cls, records: Iterable[Record], names: Names) -> Completions:
        """Find out what the owner chose: no file says it, but all of the dataset's lines end with it."""
        separator: str | None = None
        stop: str | None = None
        labelled = False
        for record in records:
            prompt, completion = str(record["prompt"]), str(record["completion"])
            separator = prompt if separator is None else _common_end(separator, prompt)
            stop = completion if stop is None else _common_end(stop, completion)
            labelled = labelled or any(map(names.is_others, prompt.split("\n")))
        return cls(names, separator or "", stop or "", labelled)

    def pair(self, record: Record) -> Pair:
        """Give what is answered, and the answer."""
        prompt = str(record["prompt"]).removesuffix(self.separator)
        said = str(record["completion"]).removesuffix(self.stop).removeprefix(" ")
        asked = self._last_asked(prompt) if self.labelled else prompt
        return Question(asked, prompt=str(record["prompt"])), said

    def _last_asked(self, prompt: str) -> str:
        lines = prompt.split("\n")
        start = max((at for at, line in enumerate(lines) if self.names.is_personas(line)), default=0)
        first = next((at for at in range(start, len(lines)) if self.names.is_others(lines[at])), len(lines))
        asked = lines[first:]
        other_side = f"{dialogue_labels(self.names.persona, named=False)[0]}: "
        return "\n".join([asked[0].removeprefix(other_side), *asked[1:]]) if asked else ""


def _text(content: Any) -> str:  # noqa: ANN401 - a JSON value
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _common_end(one: str, other: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(one), reversed(other), strict=False))
    return "".join(character for character, _ in same)[::-1]
