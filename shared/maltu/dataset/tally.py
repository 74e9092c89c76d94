"""Counts what a dataset's report tells, while its examples pass by."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from maltu.dataset.examples import examples_of
from maltu.dataset.summary import DatasetSummary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maltu.dataset.examples import Example
    from maltu.dataset.files import ExampleFile, Part
    from maltu.dataset.formats import Layout
    from maltu.dataset.turns import Turn

RECOMMENDED_EXAMPLES = 50


class Tally:
    """The numbers of one dataset in the making.

    Attributes:
        left_out: messages that are in no turn, by reason.
    """

    def __init__(self, layout: Layout) -> None:
        self.left_out: Counter[str] = Counter()
        self._unused: Counter[str] = Counter()
        self._layout = layout
        self._messages = 0
        self._turns = 0
        self._persona_turns = 0
        self._persona_messages = 0
        self._persona_characters = 0
        self._conversations = 0
        self._trained = 0
        self._opened_by_persona = 0
        self._marked = 0
        self._months: Counter[str] = Counter()

    def examples_of(self, conversation: Sequence[Turn]) -> list[Example]:
        """Make a conversation's examples, and count."""
        layout = self._layout
        messages = sum([turn.messages for turn in conversation])
        # The sides alternate, so every other turn is the persona's.
        of_persona = conversation[not conversation[0].persona :: 2]
        self._messages += messages
        self._turns += len(conversation)
        self._persona_turns += len(of_persona)
        self._persona_messages += sum([turn.messages for turn in of_persona])
        self._persona_characters += sum([len(turn.text) for turn in of_persona])
        self._conversations += 1
        self._months[conversation[0].started_at.isoformat()[: len("2022-12")]] += messages
        if layout.format == "completions":
            self._marked += sum(layout.has_mark(turn.text) for turn in conversation)
        examples = examples_of(conversation, recipe=layout.recipe, fits=layout.fits, left_out=self._unused)
        self._trained += sum(len(example.turns) for example in examples) // 2
        self._opened_by_persona += sum(not example.turns[0].messages for example in examples)
        return examples

    def summary(
        self, examples: ExampleFile, parts: tuple[Part, Part], *, speaker: str, skipped: Counter[str]
    ) -> DatasetSummary:
        """Sum up, when every conversation has passed; ``skipped`` are the rows that were no message."""
        train, validation = parts
        return DatasetSummary(
            speaker=speaker,
            messages=self._messages + self.left_out.total(),
            persona_turns=self._persona_turns,
            persona_messages=self._persona_messages,
            persona_characters=self._persona_characters,
            user_turns=self._turns - self._persona_turns,
            trained_turns=self._trained,
            opened_by_persona=self._opened_by_persona,
            conversations=self._conversations,
            train=train,
            validation=validation,
            longest_example=examples.longest,
            skipped=dict(skipped + self.left_out + self._unused),
            warnings=tuple(self._warnings(examples)),
            months=dict(sorted(self._months.items())),
        )

    def _warnings(self, examples: ExampleFile) -> Iterator[str]:
        if examples.count < RECOMMENDED_EXAMPLES:
            yield f"{examples.count} examples are few: start from {RECOMMENDED_EXAMPLES} where you can."
        if examples.over_limit:
            yield (
                f"{examples.over_limit} examples have more than {self._layout.max_tokens:,} tokens, the "
                f"longest {examples.longest:,}: single turns are never split. A provider may cut their ends."
            )
        if self._marked:
            yield (
                f"{self._marked} turns contain the separator or the stop sequence; answers will end there. "
                "Choose marks that the chat does not contain."
            )
