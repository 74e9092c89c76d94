"""Reading a dataset's folder, as ``maltu prepare`` writes it, back into the turns of its two sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from maltu.errors import UnreadableDataset
from maltu.style.examples import Completions, Names, dialogue, is_completions
from maltu.style.json_lines import read_json, read_lines
from maltu.style.placeholders import is_placeholder
from maltu.style.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maltu.style.examples import Pair, Question

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
        questions: what the persona's held-out turns answer, as a model is asked; without those that the
            persona began by itself.
    """

    speaker: str
    persona: Side
    other: Side
    questions: tuple[Question, ...] = ()


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
    names = Names.of(speaker, others)
    files = _pairs(directory, names)
    train, held_out = (_turns(pairs, names) for pairs in files)
    questions = (question for question, said in files[1] if said.strip() and question.asked.strip())
    return Material(
        speaker,
        Side(train.persona, held_out.persona),
        Side(train.other, held_out.other),
        tuple(questions),
    )


class _Turns(NamedTuple):
    persona: tuple[Turn, ...]
    other: tuple[Turn, ...]


def _turns(pairs: Sequence[Pair], names: Names) -> _Turns:
    return _Turns(
        tuple(Turn(said, question.asked) for question, said in pairs if said.strip()),
        tuple(Turn(text) for question, _ in pairs if (text := _written(names.unnamed(question.asked)))),
    )


def _pairs(directory: Path, names: Names) -> list[list[Pair]]:
    """Give the pairs of both files, the training file's first."""
    paths = [directory / name for name in ("train.jsonl", "validation.jsonl")]
    files = [list(read_lines(path, UnreadableDataset)) for path in paths]
    if empty := next((path for path, lines in zip(paths, files, strict=True) if not lines), None):
        raise UnreadableDataset(f"{empty} is empty. {_HOW}")
    records = [record for lines in files for _, record in lines]
    if is_completions(records):
        reader = Completions.of(records, names)
        return [[reader.pair(record) for _, record in lines] for lines in files]
    return [list(dialogue(path, lines)) for path, lines in zip(paths, files, strict=True)]


def _written(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip() and not is_placeholder(line))


def _speakers(path: Path) -> tuple[str, frozenset[str]]:
    report = read_json(path, UnreadableDataset)
    speaker, speakers = report.get("speaker"), report.get("speakers")
    if not isinstance(speaker, str) or not isinstance(speakers, dict):
        raise UnreadableDataset(f"{path} does not say who the speakers are. {_HOW}")
    return speaker, frozenset(cast("dict[str, Any]", speakers)) - {speaker}
