"""Messages become conversations, which end where nobody writes for long."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from maltu.dataset.said import Said
from maltu.dataset.turns import turns_of
from maltu.exports.message import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from maltu.dataset.said import Listener
    from maltu.dataset.turns import Turns
    from maltu.exports import Message

MAX_CONVERSATION_TURNS = 10_000


def conversations_of(
    messages: Iterable[Message], listener: Listener, *, silence: timedelta
) -> Iterator[Turns]:
    """Cut where nobody wrote for longer than ``silence``; inside a conversation the sides alternate.

    A room that never falls silent would be one conversation that fills the memory: after
    ``MAX_CONVERSATION_TURNS`` turns the longest pause before a turn of the user's in their second half is
    taken for a silence.

    Args:
        messages: one room's, in the order of the export.
        listener: takes what is said from them.
        silence: the longest pause inside a conversation.
    """
    unfinished = Said.nothing()
    checked = 0
    for columns in columns_of(messages):
        said = listener.said_in(columns)
        goes_on, *others = said.split(_after_silences(unfinished.sent_at[-1:], said.sent_at, silence))
        unfinished.extend(goes_on)
        for begun in others:
            yield from _not_too_long(turns_of(*unfinished))
            unfinished, checked = begun, 0
        if len(unfinished.texts) > checked + MAX_CONVERSATION_TURNS:
            *ended, rest = _not_too_long(turns_of(*unfinished))
            yield from ended
            unfinished = unfinished.part(rest.bounds[0])
            checked = len(unfinished.texts)
    if unfinished.texts:
        yield from _not_too_long(turns_of(*unfinished))


def _after_silences(last: list[datetime], sent_at: list[datetime], silence: timedelta) -> list[int]:
    """Find the messages before which nobody wrote for longer than ``silence``; ``last`` is the one before."""
    times = last + sent_at
    if sorted(times) != times:
        # An export that was pasted together may jump back.
        pauses = (abs(after - before) for before, after in pairwise(times))
        return [at - len(last) for at, pause in enumerate(pauses, start=1) if pause > silence]
    found: list[int] = []
    at = 0
    # Most follow each other quickly: rather than at every pause, look where a silence's length is over.
    while times and times[-1] - times[at] > silence:
        at = bisect_right(times, times[at] + silence, at + 1)
        if times[at] - times[at - 1] > silence:
            found.append(at - len(last))
    return found


def _not_too_long(turns: Turns) -> Iterator[Turns]:
    """Cut pieces off the front while there are more turns than ``MAX_CONVERSATION_TURNS``; then the rest."""
    while len(turns.texts) > MAX_CONVERSATION_TURNS:
        most = MAX_CONVERSATION_TURNS + 1
        of_user = range(most // 2 + (turns.is_persona(most // 2)), most, 2)
        cut = max(of_user, key=turns.pause_before)
        yield turns[:cut]
        turns = turns[cut:]
    yield turns
