"""Reading a dataset's folder, as ``maltu prepare`` writes it, back into the turns of its two sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from maltu.errors import UnreadableDataset
from maltu.style.examples import Completions, Names, Pair, dialogue, is_completions
from maltu.style.json_lines import read_json, read_lines
from maltu.style.placeholders import is_placeholder
from maltu.style.turns import Turn, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from maltu.style.examples import Question

# Reads a file anew with every call.
_Reader = Callable[[], Iterator[Pair]]

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
    paths = [directory / name for name in ("train.jsonl", "validation.jsonl")]
    train_pairs, held_out_pairs = (list(read()) for read in _readers(paths, names))
    train, held_out = _turns(train_pairs, names), _turns(held_out_pairs, names)
    return Material(
        speaker,
        Side(train.persona, held_out.persona),
        Side(train.other, held_out.other),
        tuple(_questions(held_out_pairs)),
    )


def read_questions(directory: Path, most: int) -> list[Question]:
    """Read at most ``most`` of a dataset's questions, evenly spaced over all of them, in little memory.

    Args:
        directory: holds ``validation.jsonl`` and ``report.json``, and in the format ``completions`` also
            ``train.jsonl``, for its marks are what all lines have in common.
        most: how many are wanted.

    Raises:
        UnreadableDataset: a file is none of a dataset's.
        OSError: a file cannot be read.
    """
    names = Names.of(*_speakers(directory / "report.json"))
    paths = [directory / name for name in ("train.jsonl", "validation.jsonl")]
    *_, held_out = _readers([path for path in paths if path.is_file()], names)
    count = sum(1 for _ in _questions(held_out()))
    chosen = {*spread(range(count), most)}
    return [question for at, question in enumerate(_questions(held_out())) if at in chosen]


def _questions(pairs: Iterable[Pair]) -> Iterator[Question]:
    return (question for question, said in pairs if said.strip() and question.asked.strip())


class _Turns(NamedTuple):
    persona: tuple[Turn, ...]
    other: tuple[Turn, ...]


def _turns(pairs: Sequence[Pair], names: Names) -> _Turns:
    return _Turns(
        tuple(Turn(said, question.asked) for question, said in pairs if said.strip()),
        tuple(Turn(text) for question, _ in pairs if (text := _written(names.unnamed(question.asked)))),
    )


def _readers(paths: Sequence[Path], names: Names) -> list[_Reader]:
    """Give what reads the pairs of each file."""
    if empty := next((path for path in paths if not any(True for _ in _records(path))), None):
        raise UnreadableDataset(f"{empty} is empty. {_HOW}")
    if is_completions(chain.from_iterable(map(_records, paths))):
        pair = Completions.of(chain.from_iterable(map(_records, paths)), names).pair
        return [lambda path=path: map(pair, _records(path)) for path in paths]
    return [partial(_dialogues, path) for path in paths]


def _records(path: Path) -> Iterator[dict[str, Any]]:
    return (record for _, record in read_lines(path, UnreadableDataset))


def _dialogues(path: Path) -> Iterator[Pair]:
    return dialogue(path, read_lines(path, UnreadableDataset))


def _written(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip() and not is_placeholder(line))


def _speakers(path: Path) -> tuple[str, frozenset[str]]:
    report = read_json(path, UnreadableDataset)
    speaker, speakers = report.get("speaker"), report.get("speakers")
    if not isinstance(speaker, str) or not isinstance(speakers, dict):
        raise UnreadableDataset(f"{path} does not say who the speakers are. {_HOW}")
    return speaker, frozenset(cast("dict[str, Any]", speakers)) - {speaker}
