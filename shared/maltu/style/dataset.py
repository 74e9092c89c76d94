"""Reading a dataset's folder, as ``maltu prepare`` writes it, back into the turns of its two sides."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from maltu.errors import UnreadableDataset
from maltu.prompts import dialogue_labels
from maltu.style.json_lines import read_json, read_lines
from maltu.style.placeholders import is_placeholder
from maltu.style.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_HOW = "Make one with: maltu prepare EXPORT --out DIR"


@dataclass(frozen=True, slots=True)
class Side:
    """One side's turns in the order of time: those a model was trained with, and those kept from it."""

    train: tuple[Turn, ...]
    held_out: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """What a model is measured against.

    Attributes:
        speaker: who the persona is.
        persona: the persona's turns, each with the turn that it answers as its prompt.
        other: everybody else's, without the placeholders of media.
    """

    speaker: str
    persona: Side
    other: Side


def read_dataset(directory: Path) -> Material:
    """Read ``train.jsonl``, ``validation.jsonl`` and the speakers in ``report.json``, in any of the formats.

    Raises:
        UnreadableDataset: the folder is no dataset, or nothing was held out of training.
        OSError: a file cannot be read.
    """
    for name in ("train.jsonl", "report.json"):
        if not (directory / name).is_file():
            raise UnreadableDataset(f"{directory} has no {name}: it is no dataset. {_HOW}")
    if not (directory / "validation.jsonl").is_file():
        raise UnreadableDataset(
            f"{directory} has no validation.jsonl: everything was trained, and nothing is left to compare "
            "with. Raise validation_share, or prepare more of the chat."
        )
    speaker, others = _speakers(directory / "report.json")
    sides = [_Reader(directory / name, speaker, others) for name in ("train.jsonl", "validation.jsonl")]
    pairs = [list(side.pairs()) for side in sides]
    persona, other = ([_turns(each, at) for each in pairs] for at in (1, 0))
    return Material(speaker, Side(*persona), Side(*other))


def _turns(pairs: Sequence[tuple[str, str]], side: int) -> tuple[Turn, ...]:
    if side:
        return tuple(Turn(said, asked) for asked, said in pairs if said.strip())
    return tuple(Turn(text) for asked, _ in pairs if (text := _written(asked)))


def _written(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip() and not is_placeholder(line))


def _speakers(path: Path) -> tuple[str, frozenset[str]]:
    report = read_json(path, UnreadableDataset)
    speaker, speakers = report.get("speaker"), report.get("speakers")
    if not isinstance(speaker, str) or not isinstance(speakers, dict):
        raise UnreadableDataset(f"{path} does not say who the speakers are. {_HOW}")
    return speaker, frozenset(cast("dict[str, Any]", speakers)) - {speaker}


class _Reader:
    """Gives ``(what was asked, what the persona said)`` of every turn that a file teaches."""

    def __init__(self, path: Path, speaker: str, others: frozenset[str]) -> None:
        self._path = path
        self._persona_label = f"{dialogue_labels(speaker, named=False)[1]}: "
        self._labels = others | {dialogue_labels(speaker, named=False)[0]}

    def pairs(self) -> Iterator[tuple[str, str]]:
        records = list(read_lines(self._path, UnreadableDataset))
        if records and all({"prompt", "completion"} <= record.keys() for _, record in records):
            return self._completions([record for _, record in records])
        return (pair for number, record in records for pair in self._dialogue(number, record))

    def _dialogue(self, number: int, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
        messages = record.get("messages")
        if not isinstance(messages, list):
            raise self._wrong(number, "it is an example in none of the formats")
        asked = ""
        for message in cast("list[Any]", messages):
            try:
                role, text = message["role"], _text(message["content"])
                taught = message.get("weight") != 0
            except (TypeError, KeyError, AttributeError):
                raise self._wrong(number, "a message has no role or no content") from None
            if role == "user":
                asked = self._unnamed(text)
            elif role == "assistant" and taught:
                # What is shown again, or was cut short, is weighted 0; with it goes what it answered.
                yield asked, text

    def _completions(self, records: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        prompts = [str(record["prompt"]) for record in records]
        completions = [str(record["completion"]) for record in records]
        # Neither file says what the owner chose as separator and stop; every line ends with them.
        separator, stop = _common_end(prompts), _common_end(completions)
        asked = [prompt.removesuffix(separator) for prompt in prompts]
        labelled = any(self._is_labelled(line) for prompt in asked for line in prompt.split("\n"))
        for prompt, completion in zip(asked, completions, strict=True):
            said = completion.removesuffix(stop).removeprefix(" ")
            yield self._last_asked(prompt) if labelled else prompt, said

    def _is_labelled(self, line: str) -> bool:
        return line.partition(": ")[0] in self._labels

    def _last_asked(self, prompt: str) -> str:
        lines = prompt.split("\n")
        start = max((at for at, line in enumerate(lines) if line.startswith(self._persona_label)), default=0)
        first = next((at for at in range(start, len(lines)) if self._is_labelled(lines[at])), len(lines))
        return self._unnamed("\n".join(lines[first:]))

    def _unnamed(self, text: str) -> str:
        """Leave out the name that stands before each message where there are several others."""
        return "\n".join(
            line.partition(": ")[2] if self._is_labelled(line) and ": " in line else line
            for line in text.split("\n")
        ).strip()

    def _wrong(self, number: int, why: str) -> UnreadableDataset:
        return UnreadableDataset(f"{self._path}, line {number}: {why}. {_HOW}")


def _text(content: Any) -> str:  # noqa: ANN401 - a JSON value
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _common_end(texts: Sequence[str]) -> str:
    first, last = (pick(text[::-1] for text in texts) for pick in (min, max))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(character for character, _ in same)[::-1]
