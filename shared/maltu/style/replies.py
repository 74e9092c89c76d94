"""Reading what a model answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maltu.errors import UnreadableReplies
from maltu.style.json_lines import read_lines
from maltu.style.turns import Turn

if TYPE_CHECKING:
    from pathlib import Path


def read_replies(path: Path) -> tuple[Turn, ...]:
    """Read lines of ``{"prompt": ..., "reply": ...}``, in their order; empty replies stay.

    Raises:
        UnreadableReplies: a line is none.
        OSError: the file cannot be read.
    """
    turns: list[Turn] = []
    for number, record in read_lines(path, UnreadableReplies):
        prompt, reply = record.get("prompt"), record.get("reply")
        if not isinstance(prompt, str) or not isinstance(reply, str):
            raise UnreadableReplies(
                f'{path}, line {number}: it must be {{"prompt": "what was asked", "reply": "the answer"}}.'
            )
        turns.append(Turn(reply, prompt))
    if not turns:
        raise UnreadableReplies(f"{path} has no replies.")
    return tuple(turns)
