"""Messages become turns, turns become conversations."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta

    from maltu.exports import Message

MAX_CONVERSATION_TURNS = 10_000


class Turn(NamedTuple):
    """Everything that one side said in a row.

    Attributes:
        persona: whether the persona speaks; everybody else is the user's side.
        text: the messages' texts, joined by a line feed.
        started_at: when the first message was sent.
        ended_at: when the last one was.
        messages: how many there are; 0 in the empty turn of a user to whom the persona speaks first.
    """

    persona: bool
    text: str
    started_at: datetime
    ended_at: datetime
    messages: int


def turns_of(
    messages: Iterable[Message],
    *,
    speaker: str,
    silence: timedelta,
    named: bool = False,
    left_out: Counter[str] | None = None,
) -> Iterator[Turn]:
    """Join consecutive messages of one side; a pause longer than ``silence`` ends a turn as well.

    Of what is no text, only the placeholders of media that others sent stay: they are what was answered.

    Args:
        messages: one room's messages in the order of the export.
        speaker: the persona's name as it stands in the export.
        silence: the longest pause inside a conversation.
        named: whether each message of the user's side starts with ``<name>: ``, to tell them apart.
        left_out: counts the messages that are in no turn, by reason.
    """
    left_out = Counter() if left_out is None else left_out
    backwards = -silence
    texts: list[str] = []
    persona = False
    started_at = ended_at = datetime.min  # noqa: DTZ901 - exports have no zone; overwritten by the first message
    for sent_at, sender, text, kind in messages:
        mine = sender == speaker
        if kind != "text" and (mine or kind != "media"):
            left_out["the persona's media" if kind == "media" else kind] += 1
            continue
        if not text or text.isspace():
            left_out["empty"] += 1
            continue
        pause = sent_at - ended_at
        # An export that was pasted together may jump back.
        if not texts or mine is not persona or pause > silence or pause < backwards:
            if texts:
                yield Turn(persona, "\n".join(texts), started_at, ended_at, len(texts))
                texts = []
            persona = mine
            started_at = sent_at
        ended_at = sent_at
        texts.append(f"{sender}: {text}" if named and not mine else text)
    if texts:
        yield Turn(persona, "\n".join(texts), started_at, ended_at, len(texts))


def conversations_of(turns: Iterable[Turn], *, silence: timedelta) -> Iterator[list[Turn]]:
    """Cut where nobody wrote for longer than ``silence``; inside a conversation the sides alternate.

    A room that never falls silent would be one conversation that fills the memory: after
    ``MAX_CONVERSATION_TURNS`` turns the longest pause before a turn of the user's in
    their second half is taken for a silence.

    Args:
        turns: as ``turns_of`` makes them, with the same ``silence``.
        silence: the longest pause inside a conversation.
    """
    conversation: list[Turn] = []
    for turn in turns:
        if conversation and abs(turn.started_at - conversation[-1].ended_at) > silence:
            yield conversation
            conversation = []
        conversation.append(turn)
        if len(conversation) > MAX_CONVERSATION_TURNS:
            cut = max(
                (
                    at
                    for at in range(len(conversation) // 2, len(conversation))
                    if not conversation[at].persona
                ),
                key=lambda at: pause_before(conversation, at),
            )
            yield conversation[:cut]
            conversation = conversation[cut:]
    if conversation:
        yield conversation


def pause_before(turns: Sequence[Turn], at: int) -> timedelta:
    """How long nobody wrote before the turn at ``at``; never negative."""
    return abs(turns[at].started_at - turns[at - 1].ended_at)
