"""Exports' messages become the files that a fine-tune is made from."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from maltu.dataset.conversations import conversations_of
from maltu.dataset.examples import split_longest
from maltu.dataset.files import MIN_EXAMPLES, ExampleFile
from maltu.dataset.formats import layout_of
from maltu.dataset.repeats import Repeats
from maltu.dataset.said import Listener
from maltu.dataset.tally import Tally
from maltu.errors import TooFewExamples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from maltu.dataset.examples import Example
    from maltu.dataset.formats import Layout
    from maltu.dataset.summary import DatasetSummary
    from maltu.dataset.turns import Turns
    from maltu.exports import Message
    from maltu.settings import PersonaSettings

    Lined = tuple[Layout, list[Example]]
    # When it began, its room's number, and its turns.
    Conversation = tuple[datetime, int, Turns]

_BYTES_AT_ONCE = 128 * 1024


class Masking(Protocol):
    """What replaces personal data: ``mask_all`` texts; ``counts`` of what was replaced so far, by type."""

    @property
    def counts(self) -> Mapping[Any, int]:
        """Pieces replaced so far, by type; types are strings, of whatever literals."""
        ...

    def mask_all(self, texts: Sequence[str]) -> Sequence[str]:
        """Give the texts with their personal data replaced."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One room's messages, to be read once.

    Attributes:
        messages: in the order of time.
        named: whether more than two people write, so that the user's side needs names.
        cuts_at: the number of characters after which the export cuts a text; None where it does not.
        skipped: what of the exports is no message of the room, by reason; complete when all are read.
    """

    messages: Iterable[Message]
    named: bool = False
    cuts_at: int | None = None
    skipped: Sequence[Counter[str]] = ()


def build_dataset(  # noqa: PLR0913 - what a dataset depends on
    rooms: Sequence[Room],
    *,
    speaker: str,
    settings: PersonaSettings,
    count_tokens: Callable[[str], int],
    masking: Masking,
    directory: Path,
    max_example_tokens: int | None = None,
    warnings: Iterable[str] = (),
) -> DatasetSummary:
    """Write ``train.jsonl``, and ``validation.jsonl`` where there is enough for one, in one pass.

    The examples stand in the order of time, and the newest conversations are the validation. Rooms never mix
    inside a conversation. Memory does not grow with the exports.

    Args:
        rooms: where the persona writes.
        speaker: the persona's name as it stands in the rooms.
        settings: recipe, format and the rest of the owner's choices.
        count_tokens: as ``open_tokenizer`` gives it.
        masking: replaces the personal data in every text.
        directory: exists; is empty.
        max_example_tokens: the most tokens that the provider takes in an example; None where nobody says.
        warnings: what the owner should know already.

    Raises:
        TooFewExamples: the exports give fewer examples than a fine-tune needs; no file is left.
        UnreadableExport: the messages are read from a file that cannot be read to its end.
    """
    layout = layout_of(
        settings, speaker=speaker, count_tokens=count_tokens, max_example_tokens=max_example_tokens
    )
    layouts = [layout.for_room(speaker, named=room.named) for room in rooms]
    silence = timedelta(minutes=settings.silence_minutes)
    tally = Tally()
    repeats = Repeats()

    def conversations(number: int, room: Room) -> Iterator[Conversation]:
        listener = Listener(
            speaker=speaker,
            named=room.named,
            cuts_at=room.cuts_at,
            mask=masking.mask_all,
            repeats=repeats,
            left_out=tally.left_out,
            spoken=tally.spoken,
        )
        for turns in conversations_of(room.messages, listener, silence=silence):
            yield turns.started_at(0), number, turns

    streams = [conversations(number, room) for number, room in enumerate(rooms)]
    merged = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda one: one[:2])
    made = ((layouts[room], tally.examples_of(turns, layouts[room], room=room)) for _, room, turns in merged)
    train = directory / "train.jsonl"
    with train.open("wb", buffering=_BYTES_AT_ONCE) as file:
        examples = _write(made, layout, file)
        if examples.count < MIN_EXAMPLES:
            train.unlink()
            raise _too_few(examples.count, speaker)
        parts = examples.split(settings.validation_share, train, directory / "validation.jsonl")
    return tally.summary(
        layout,
        examples,
        parts,
        speaker=speaker,
        skipped=sum(chain.from_iterable(room.skipped for room in rooms), Counter[str]()),
        masked=masking.counts,
        samples=examples.samples(train),
        warnings=warnings,
    )


def _write(made: Iterable[Lined], layout: Layout, file: BinaryIO) -> ExampleFile:
    examples = ExampleFile(file, limit=layout.max_tokens)
    first: list[Lined] = []
    for room_layout, of_conversation in made:
        examples.write(_lines(of_conversation, room_layout))
        if of_conversation and examples.count < MIN_EXAMPLES:
            first.append((room_layout, of_conversation))
    if examples.count >= MIN_EXAMPLES or layout.recipe == "pair":
        return examples
    # A short export: shorter dialogues teach less of a conversation's flow, but more than no fine-tune does.
    split_longest([examples for _, examples in first], layout.making, least=MIN_EXAMPLES)
    file.seek(0)
    file.truncate()
    examples = ExampleFile(file, limit=layout.max_tokens)
    for room_layout, of_conversation in first:
        examples.write(_lines(of_conversation, room_layout))
    return examples


def _lines(examples: Iterable[Example], layout: Layout) -> Iterator[tuple[bytes, int]]:
    return chain.from_iterable(map(layout.lines, examples))


def _too_few(count: int, speaker: str) -> TooFewExamples:
    return TooFewExamples(
        f"The export gives {count} {'example' if count == 1 else 'examples'} of {speaker} answering, and a "
        f"fine-tune needs {MIN_EXAMPLES}. Export a longer part of the chat, or another room."
    )
