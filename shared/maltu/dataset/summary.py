"""What became of an export, in numbers: no chat text, so that it can be stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.dataset.files import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSummary:
    """A dataset's numbers.

    Attributes:
        speaker: the persona's name as it stands in the export.
        messages: read from the export, whatever their kind.
        persona_turns: of the persona's, whether trained or not; the others likewise.
        persona_messages: in those turns.
        persona_characters: in those turns.
        user_turns: of the user's side.
        trained_turns: the persona's turns that an example teaches.
        opened_by_persona: examples that start with an empty turn of the user's.
        conversations: between two silences.
        train: the training file.
        validation: the validation file; without examples where there is none.
        longest_example: tokens of the longest line.
        skipped: what is in no example, by reason: rows, messages and turns.
        warnings: sentences for the owner.
        months: messages in turns, by the month in which their conversation started, as ``2022-12``.
    """

    speaker: str
    messages: int
    persona_turns: int
    persona_messages: int
    persona_characters: int
    user_turns: int
    trained_turns: int
    opened_by_persona: int
    conversations: int
    train: Part
    validation: Part
    longest_example: int
    skipped: Mapping[str, int]
    warnings: tuple[str, ...]
    months: Mapping[str, int]

    def as_report(self) -> dict[str, Any]:
        """Give the numbers as JSON can hold them."""
        turns = max(self.persona_turns, 1)
        return {
            "speaker": self.speaker,
            "messages": self.messages,
            "turns": {"persona": self.persona_turns, "user": self.user_turns, "trained": self.trained_turns},
            "conversations": self.conversations,
            "opened_by_persona": self.opened_by_persona,
            "examples": {"train": self.train.examples, "validation": self.validation.examples},
            "tokens": {
                "train": self.train.tokens,
                "validation": self.validation.tokens,
                "longest_example": self.longest_example,
            },
            "average_persona_turn": {
                "characters": round(self.persona_characters / turns, 1),
                "messages": round(self.persona_messages / turns, 2),
            },
            "skipped": dict(self.skipped),
            "warnings": list(self.warnings),
            "months": dict(self.months),
        }
