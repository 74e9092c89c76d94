"""Conversations become examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maltu.dataset.turns import Turn, pause_before

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

    from maltu.settings import Recipe


@dataclass(frozen=True, slots=True)
class Example:
    """What one line of a chat dataset teaches.

    Attributes:
        turns: alternate, start with the user's and end with the persona's; the first one is empty where the
            persona spoke first.
    """

    turns: tuple[Turn, ...]


def examples_of(
    conversation: Sequence[Turn], *, recipe: Recipe, fits: Callable[[Example], bool], left_out: Counter[str]
) -> list[Example]:
    """Make a conversation's examples, in its order.

    Args:
        conversation: turns that alternate.
        recipe: ``conversation`` makes one example, split only where it does not fit; ``pair`` makes one of
            each turn of the user's and the answer.
        fits: whether an example is short enough for the provider.
        left_out: counts the turns that are in no example, by reason.
    """
    answered = list(conversation)
    if not answered[-1].persona:
        left_out["unanswered turns"] += 1
        answered.pop()
    if not answered:
        return []
    if recipe == "pair":
        if answered[0].persona:
            left_out["turns of the persona's that answer nothing"] += 1
            del answered[0]
        return [Example(tuple(answered[at : at + 2])) for at in range(0, len(answered), 2)]
    if answered[0].persona:
        # No words are invented for the user: an empty message comes to mean "you start".
        start = answered[0].started_at
        answered.insert(0, Turn(persona=False, text="", started_at=start, ended_at=start, messages=0))
    return _split_until_fits(Example(tuple(answered)), fits)


def split_longest(conversations: list[list[Example]], *, least: int) -> None:
    """Split the longest examples, in place, until there are ``least`` or none can be split."""
    while sum(map(len, conversations)) < least:
        splittable = [
            (-len(example.turns), number, at)
            for number, examples in enumerate(conversations)
            for at, example in enumerate(examples)
            if len(example.turns) > 2  # noqa: PLR2004 - one turn of each side cannot be split
        ]
        if not splittable:
            return
        _, number, at = min(splittable)
        conversations[number][at : at + 1] = _split(conversations[number][at])


def _split_until_fits(example: Example, fits: Callable[[Example], bool]) -> list[Example]:
    done: list[Example] = []
    waiting = [example]
    while waiting:
        example = waiting.pop()
        if len(example.turns) == 2 or fits(example):  # noqa: PLR2004 - one turn of each side cannot be split
            done.append(example)
        else:
            waiting += reversed(_split(example))
    return done


def _split(example: Example) -> tuple[Example, Example]:
    """Split before the turn of the user's that waited longest; among equals nearest to the middle."""
    turns = example.turns
    cut = max(range(2, len(turns), 2), key=lambda at: (pause_before(turns, at), -abs(2 * at - len(turns))))
    return Example(turns[:cut]), Example(turns[cut:])
