"""Conversations become examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from maltu.prompts import NOTHING_SAID

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from maltu.dataset.turns import Turns
    from maltu.settings import Recipe

    Fits = Callable[["Example"], bool]

CONTEXT_TURNS = 6

CUT_OFF = "turns of the persona's that the export cut off"
UNANSWERED = "unanswered turns"
ANSWERS_NOTHING = "turns of the persona's that answer nothing"


class Example(NamedTuple):
    """What one line of a chat dataset teaches.

    Attributes:
        turns: alternate, start with the user's and end with the persona's; the first one is empty where the
            persona spoke first.
        context: how many of the first turns another example teaches already; an even number.
    """

    turns: Turns
    context: int = 0

    @property
    def texts(self) -> list[str]:
        """What stands in each turn, also where nobody says anything."""
        texts = self.turns.texts
        return texts if texts[0] else [NOTHING_SAID, *texts[1:]]

    @property
    def taught(self) -> int:
        """How many of the persona's turns are trained: those of its own that are whole."""
        return self.turns.whole[self.context + 1 :: 2].count(1)


class Making(NamedTuple):
    """How conversations are made into examples.

    Attributes:
        recipe: ``conversation`` makes one example, split only where it does not fit; ``pair`` makes one of
            each turn of the user's and the answer.
        fits: whether an example is short enough for the provider.
        weighs: whether the format can show a turn of the persona's without teaching it.
        opens: whether the format can show that the persona speaks first.
        counted: says what each turn costs, where an example has to be split.
    """

    recipe: Recipe
    fits: Fits
    weighs: bool = True
    opens: bool = True
    counted: Callable[[Turns], Turns] = lambda turns: turns

    @property
    def context(self) -> int:
        """How many turns the second part of a split conversation shows again; an even number."""
        return CONTEXT_TURNS if self.weighs else 0


def examples_of(conversation: Turns, making: Making, *, left_out: Counter[str]) -> list[Example]:
    """Make a conversation's examples, in its order.

    Args:
        conversation: turns that alternate.
        making: how.
        left_out: counts the turns that are not trained, by reason.
    """
    cut_off = conversation.of_persona(conversation.whole).count(0)
    if not cut_off:
        return _examples_of_whole(conversation, making, left_out)
    left_out[CUT_OFF] += cut_off
    if making.weighs and making.recipe == "conversation":
        made = _examples_of_whole(conversation, making, left_out)
        return [example for part in made if (example := _trimmed(part, left_out)) is not None]
    return [
        example
        for part in _between_cut_off(conversation)
        for example in _examples_of_whole(part, making, left_out)
    ]


def split_longest(conversations: list[list[Example]], making: Making, *, least: int) -> None:
    """Split the longest examples, in place, until there are ``least`` or none can be split."""
    count = sum(map(len, conversations))
    while count < least:
        splittable = [
            (example.context - len(example.turns), number, at)
            for number, examples in enumerate(conversations)
            for at, example in enumerate(examples)
            if len(example.turns) - example.context > 2  # noqa: PLR2004 - one turn of each side cannot be split
        ]
        if not splittable:
            return
        _, number, at = min(splittable)
        parts = _split(conversations[number][at], making.context)
        conversations[number][at : at + 1] = [part for part in parts if part.taught]
        before, count = count, sum(map(len, conversations))
        if count == before:
            return


def _examples_of_whole(turns: Turns, making: Making, left_out: Counter[str]) -> list[Example]:
    if turns.texts and not turns.is_persona(len(turns.texts) - 1):
        left_out[UNANSWERED] += 1
        turns = turns[:-1]
    if turns.texts and turns.persona_first:
        if making.recipe == "pair" or not making.opens:
            left_out[ANSWERS_NOTHING] += 1
            turns = turns[1:]
        else:
            # No words are invented for the user: an empty message comes to mean "you start".
            turns = turns.opened()
    if not turns.texts:
        return []
    if making.recipe == "pair":
        return [Example(turns[at : at + 2]) for at in range(0, len(turns), 2)]
    example = Example(turns)
    return [example] if making.fits(example) else _split_until_fits(Example(making.counted(turns)), making)


def _between_cut_off(conversation: Turns) -> Iterator[Turns]:
    start = 0
    for at, whole in enumerate(conversation.whole):
        if conversation.is_persona(at) and not whole:
            yield conversation[start:at]
            start = at + 1
    yield conversation[start:]


def _trimmed(example: Example, left_out: Counter[str]) -> Example | None:
    """Let an example end with a turn that it teaches; None where it teaches none."""
    end = len(example.turns)
    while end > example.context and not example.turns.whole[end - 1]:
        end -= 2
        left_out[UNANSWERED] += example.turns.messages(end) > 0
    return Example(example.turns[:end], example.context) if end > example.context else None


def _split_until_fits(example: Example, making: Making) -> list[Example]:
    done: list[Example] = []
    waiting = [example]
    while waiting:
        example = waiting.pop()
        fitting = next(filter(making.fits, _with_ever_less_context(example)), None)
        if fitting is not None:
            done.append(fitting)
        elif len(example.turns) - example.context == 2:  # noqa: PLR2004 - one turn of each side cannot be split
            done.append(Example(example.turns[example.context :]))
        else:
            waiting += reversed(_split(example, making.context))
    return done


def _with_ever_less_context(example: Example) -> Iterator[Example]:
    for dropped in range(0, example.context + 1, 2):
        yield Example(example.turns[dropped:], example.context - dropped)


def _split(example: Example, context: int) -> tuple[Example, Example]:
    """Split before the turn of the user's that waited longest; among equals nearest to the middle.

    The second part shows up to ``context`` turns of the first one again, without teaching them.
    """
    turns = example.turns
    start = example.context
    cut = max(
        range(start + 2, len(turns), 2),
        key=lambda at: (turns.pause_before(at), -abs(2 * at - start - len(turns))),
    )
    shown = min(context, cut)
    return Example(turns[:cut], start), Example(turns[cut - shown :], shown)
