"""Counts what a dataset's report tells, while its examples pass by."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from maltu.dataset.examples import examples_of
from maltu.dataset.summary import DatasetSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from typing import Any

    from maltu.dataset.examples import Example
    from maltu.dataset.files import ExampleFile, Part
    from maltu.dataset.formats import Layout
    from maltu.dataset.turns import Turns

# Counting many at once costs a tenth of counting a conversation's few.
_LENGTHS_AT_ONCE = 10_000
_HOUR = timedelta(hours=1)


class Tally:
    """The numbers of one dataset in the making.

    Attributes:
        left_out: messages that are in no turn, by reason.
        spoken: messages that are in a turn, by speaker.
    """

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.spoken: Counter[str] = Counter()
        self._unused: Counter[str] = Counter()
        self._turns = 0
        self._persona_turns = 0
        self._conversations = 0
        self._trained = 0
        self._context = 0
        self._opened_by_persona = 0
        self._marked = 0
        self._lengths: Counter[int] = Counter()
        self._silences: Counter[int] = Counter()
        self._ends: dict[int, datetime] = {}
        self._uncounted: list[int] = []
        self._months: Counter[tuple[int, int]] = Counter()

    def examples_of(self, conversation: Turns, layout: Layout, *, room: int = 0) -> list[Example]:
        """Make a conversation's examples, and count; ``room`` tells the rooms' conversations apart."""
        bounds, sent_at = conversation.bounds, conversation.sent_at
        texts = conversation.of_persona(conversation.texts)
        self._turns += len(conversation.texts)
        self._persona_turns += len(texts)
        self._uncounted.extend(map(len, texts))
        if len(self._uncounted) > _LENGTHS_AT_ONCE:
            self._count_lengths()
        self._conversations += 1
        started_at = sent_at[bounds[0]]
        self._months[started_at.year, started_at.month] += bounds[-1] - bounds[0]
        if (ended_at := self._ends.get(room)) is not None:
            self._silences[(started_at - ended_at) // _HOUR] += 1
        self._ends[room] = sent_at[bounds[-1] - 1]
        if layout.format != "chat":
            self._marked += sum(map(layout.is_marked, conversation.texts))
        examples = examples_of(conversation, layout.making, left_out=self._unused)
        for example in examples:
            self._trained += example.taught
            self._context += example.context
            self._opened_by_persona += not (example.context or example.turns.messages(0))
        return examples

    def summary(  # noqa: PLR0913 - what only the caller knows
        self,
        layout: Layout,
        examples: ExampleFile,
        parts: tuple[Part, Part],
        *,
        speaker: str,
        skipped: Counter[str],
        masked: Mapping[Any, int],
        samples: tuple[dict[str, Any], ...],
        warnings: Iterable[str],
    ) -> DatasetSummary:
        """Sum up, when every conversation has passed; ``skipped`` are the rows that were no message."""
        train, validation = parts
        self._count_lengths()
        return DatasetSummary(
            speaker=speaker,
            speakers=dict(self.spoken.most_common()),
            messages=self.spoken.total() + self.left_out.total(),
            persona_turns=self._persona_turns,
            persona_messages=self.spoken[speaker],
            persona_characters=sum(length * count for length, count in self._lengths.items()),
            persona_lengths=percentiles(self._lengths),
            user_turns=self._turns - self._persona_turns,
            trained_turns=self._trained,
            context_turns=self._context,
            opened_by_persona=self._opened_by_persona,
            conversations=self._conversations,
            silence_hours=percentiles(self._silences),
            train=train,
            validation=validation,
            longest_example=examples.longest,
            skipped=dict(skipped + self.left_out + self._unused),
            masked=dict(masked),
            warnings=(*warnings, *self._warnings(layout, examples)),
            months={f"{year}-{month:02}": count for (year, month), count in sorted(self._months.items())},
            samples=samples,
        )

    def _count_lengths(self) -> None:
        self._lengths.update(self._uncounted)
        self._uncounted.clear()

    def _warnings(self, layout: Layout, examples: ExampleFile) -> Iterator[str]:
        if examples.over_limit:
            yield (
                f"{examples.over_limit} examples have more than {layout.max_tokens:,} tokens, the "
                f"longest {examples.longest:,}: single turns are never split. A provider may cut their ends."
            )
        if self._marked and layout.format == "bedrock":
            yield (
                f"{self._marked} turns contain words that Bedrock keeps for itself, such as 'User:'; "
                "they are written with full-width marks."
            )
        elif self._marked:
            yield (
                f"{self._marked} turns contain the separator or the stop sequence; answers will end there. "
                "Choose marks that the chat does not contain."
            )


def percentiles(counted: Mapping[int, int]) -> dict[str, int]:
    """Give the values below which half, nine tenths and 99 of a hundred lie; nothing of nothing."""
    values = sorted(counted)
    reached = list(accumulate(counted[value] for value in values))
    if not reached:
        return {}
    return {
        f"p{part}": next(
            value for value, count in zip(values, reached, strict=True) if count * 100 >= part * reached[-1]
        )
        for part in (50, 90, 99)
    }
