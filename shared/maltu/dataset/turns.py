"""Messages become turns, turns become conversations."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from maltu.dataset.repeats import LONG_TEXT, Repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta

    from maltu.exports import Message

    _NewTurn = Callable[[type["Turn"], tuple[bool, str, datetime, datetime, int, bool]], "Turn"]

MAX_CONVERSATION_TURNS = 10_000


class Turn(NamedTuple):
    """Everything that one side said in a row.

    Attributes:
        persona: whether the persona speaks; everybody else is the user's side.
        text: the messages' texts, joined by a line feed.
        started_at: when the first message was sent.
        ended_at: when the last one was.
        messages: how many there are; 0 in the empty turn of a user to whom the persona speaks first.
        whole: false where the export cut one of the messages short.
    """

    persona: bool
    text: str
    started_at: datetime
    ended_at: datetime
    messages: int
    whole: bool = True


def turns_of(  # noqa: PLR0913 - each is one rule about what a message becomes
    messages: Iterable[Message],
    *,
    speaker: str,
    silence: timedelta,
    named: bool = False,
    cuts_at: int | None = None,
    mask: Callable[[str], str] | None = None,
    repeats: Repeats | None = None,
    left_out: Counter[str] | None = None,
    spoken: Counter[str] | None = None,
) -> Iterator[Turn]:
    """Join consecutive messages of one side; a pause longer than ``silence`` ends a turn as well.

    Of what is no text, only the placeholders of media that others sent stay: they are what was answered.

    Args:
        messages: one room's messages in the order of the export.
        speaker: the persona's name as it stands in the export.
        silence: the longest pause inside a conversation.
        named: whether each message of the user's side starts with ``<name>: ``, to tell them apart.
        cuts_at: the number of characters after which the export cuts a text.
        mask: what is done to every text; names are left alone.
        repeats: knows which long texts the persona has sent too often already.
        left_out: counts the messages that are in no turn, by reason.
        spoken: counts the messages that are in a turn, by speaker.
    """
    left_out = Counter() if left_out is None else left_out
    spoken = Counter() if spoken is None else spoken
    too_often = (Repeats() if repeats is None else repeats).too_often
    # What Turn(...) calls, without the call in between; pyright sees tuple's own type variables.
    new_turn: _NewTurn = tuple.__new__  # pyright: ignore[reportUnknownVariableType]
    backwards = -silence
    texts: list[str] = []
    persona = False
    whole = True
    started_at = ended_at = datetime.min  # noqa: DTZ901 - exports have no zone; overwritten by the first message
    # A room has a million messages and this loop decides how long they take, hence its plainness.
    for sent_at, sender, text, kind in messages:
        mine = sender == speaker
        if kind != "text" and (mine or kind != "media"):
            left_out["the persona's media" if kind == "media" else kind] += 1
            continue
        if not text or text.isspace():
            left_out["empty"] += 1
            continue
        if mine and len(text) >= LONG_TEXT and too_often(text):
            left_out["repeated texts of the persona's"] += 1
            continue
        # An export that was pasted together may jump back.
        if not texts or mine is not persona or (pause := sent_at - ended_at) > silence or pause < backwards:
            if texts:
                joined = "\n".join(texts) if len(texts) > 1 else texts[0]
                yield new_turn(Turn, (persona, joined, started_at, ended_at, len(texts), whole))
                texts = []
            persona = mine
            started_at = sent_at
            whole = True
        if cuts_at and is_cut(text, cuts_at):
            whole = False
        ended_at = sent_at
        if mask:
            text = mask(text)  # noqa: PLW2901 - from here on nobody may see the other one
        texts.append(f"{sender}: {text}" if named and not mine else text)
        spoken[sender] += 1
    if texts:
        yield Turn(persona, "\n".join(texts), started_at, ended_at, len(texts), whole)


def is_cut(text: str, cuts_at: int) -> bool:
    """Tell whether a text is exactly as long as an export lets texts be.

    What counts as one character there is not documented: a code point, or as in Java half an emoji.
    """
    length = len(text)
    if length > cuts_at or 2 * length < cuts_at:
        return False
    return length == cuts_at or length + sum(character > "\uffff" for character in text) == cuts_at


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
