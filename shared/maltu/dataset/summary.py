"""What became of an export, in numbers: no chat text, so that it can be stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maltu.dataset.files import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSummary:
    """A dataset's numbers, and beside them a few of its examples.

    Attributes:
        speaker: the persona's name as it stands in the export.
        speakers: messages in turns per speaker, most first.
        messages: read from the exports, each once, whatever their kind.
        persona_turns: of the persona's, whether trained or not; the others likewise.
        persona_messages: in those turns.
        persona_characters: in those turns.
        persona_lengths: characters of a turn of the persona's, as ``p50``, ``p90`` and ``p99``.
        user_turns: of the user's side.
        trained_turns: the persona's turns that an example teaches.
        context_turns: of both sides, that an example shows a second time without teaching them.
        opened_by_persona: examples that start with an empty turn of the user's.
        conversations: between two silences.
        silence_hours: hours between two conversations of a room, as ``p50``, ``p90`` and ``p99``.
        train: the training file.
        validation: the validation file; without examples where there is none.
        longest_example: tokens of the longest line.
        skipped: what is not trained, by reason: rows, messages and turns.
        masked: pieces of personal data that were replaced, by type.
        warnings: sentences for the owner.
        months: messages in turns, by the month in which their conversation started, as ``2022-12``.
        samples: some lines of the training file. They are chat text: no part of the report's numbers.
    """

    speaker: str
    speakers: Mapping[str, int]
    messages: int
    persona_turns: int
    persona_messages: int
    persona_characters: int
    persona_lengths: Mapping[str, int]
    user_turns: int
    trained_turns: int
    context_turns: int
    opened_by_persona: int
    conversations: int
    silence_hours: Mapping[str, int]
    train: Part
    validation: Part
    longest_example: int
    skipped: Mapping[str, int]
    masked: Mapping[str, int]
    warnings: tuple[str, ...]
    months: Mapping[str, int]
    samples: tuple[Mapping[str, Any], ...]

    def as_report(self) -> dict[str, Any]:
        """Give the numbers as JSON can hold them; the samples are left out."""
        turns = max(self.persona_turns, 1)
        return {
            "speaker": self.speaker,
            "speakers": dict(self.speakers),
            "messages": self.messages,
            "turns": {
                "persona": self.persona_turns,
                "user": self.user_turns,
                "trained": self.trained_turns,
                "shown_again": self.context_turns,
            },
            "conversations": self.conversations,
            "silence_hours": dict(self.silence_hours),
            "opened_by_persona": self.opened_by_persona,
            "examples": {"train": self.train.examples, "validation": self.validation.examples},
            "bytes": {"train": self.train.size, "validation": self.validation.size},
            "tokens": {
                "train": self.train.tokens,
                "validation": self.validation.tokens,
                "longest_example": self.longest_example,
            },
            "average_persona_turn": {
                "characters": round(self.persona_characters / turns, 1),
                "messages": round(self.persona_messages / turns, 2),
            },
            "persona_turn_characters": dict(self.persona_lengths),
            "skipped": dict(self.skipped),
            "masked": dict(self.masked),
            "warnings": list(self.warnings),
            "months": dict(self.months),
        }
