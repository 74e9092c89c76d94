"""Messages become turns, turns become conversations."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import partial
from itertools import chain, compress, islice
from operator import le, ne
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from maltu.dataset.repeats import LONG_TEXT, Repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from maltu.exports import Message

_T = TypeVar("_T")

MAX_CONVERSATION_TURNS = 10_000

# So many that what a batch costs beside what is in it does not count; so few that they are soon forgotten.
_AT_ONCE = 128


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


# What Turn(...) calls, without the call in between; pyright sees tuple's own type variables.
_new_turn: Callable[[tuple[bool, str, datetime, datetime, int, bool]], Turn] = partial(
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    Turn,
)


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

    def turns_of_some(some: list[Message]) -> list[Turn]:
        kept = _worth_training(some, speaker, left_out)
        if not kept:
            return []
        sent, senders, texts, _ = cast("Iterator[tuple[Any, ...]]", zip(*kept, strict=True))
        mine = [sender == speaker for sender in senders]
        long = [at for at, text in enumerate(texts) if len(text) >= LONG_TEXT and mine[at]]
        dropped = [at for at in long if too_often(texts[at])]
        if dropped:
            left_out["repeated texts of the persona's"] += len(dropped)
            for at in reversed(dropped):
                del kept[at], mine[at]
            if not kept:
                return []
            sent, senders, texts, _ = cast("Iterator[tuple[Any, ...]]", zip(*kept, strict=True))
        spoken.update(senders)
        cut = {at for at, text in enumerate(texts) if is_cut(text, cuts_at)} if cuts_at else ()
        if mask:
            texts = tuple(map(mask, texts))
        if named:
            texts = tuple(map(_named, mine, senders, texts))
        # A turn ends where the side changes, or after a pause.
        ends = list(map(ne, mine, mine[1:]))
        for at in _after_silences(sent, sent, silence):
            ends[at - 1] = True
        starts = [0, *compress(range(1, len(kept)), ends)]
        turns = [
            _new_turn((mine[at], "\n".join(texts[at:end]), sent[at], sent[end - 1], end - at, True))
            for at, end in zip(starts, [*starts[1:], len(kept)], strict=True)
        ]
        for at in {bisect_right(starts, at) - 1 for at in cut}:
            turns[at] = turns[at]._replace(whole=False)
        return turns

    # A room has a million messages: none of them resumes a generator.
    return chain.from_iterable(_joined(map(turns_of_some, _batches(messages)), silence))


def _batches(many: Iterable[_T]) -> Iterator[list[_T]]:
    many = iter(many)
    while batch := list(islice(many, _AT_ONCE)):
        yield batch


def _worth_training(messages: list[Message], speaker: str, left_out: Counter[str]) -> list[Message]:
    _, _, texts, kinds = cast("Iterator[tuple[Any, ...]]", zip(*messages, strict=True))
    if kinds.count("text") == len(kinds) and all(texts) and not any(map(str.isspace, texts)):
        return messages
    kept: list[Message] = []
    for message in messages:
        _, sender, text, kind = message
        if kind != "text" and (sender == speaker or kind != "media"):
            left_out["the persona's media" if kind == "media" else kind] += 1
        elif not text or text.isspace():
            left_out["empty"] += 1
        else:
            kept.append(message)
    return kept


def _named(mine: bool, sender: str, text: str) -> str:  # noqa: FBT001 - one of three columns
    return text if mine else f"{sender}: {text}"


def _after_silences(
    starts: Sequence[datetime], ends: Sequence[datetime], silence: timedelta
) -> Iterator[int]:
    """Find those before which nobody wrote for longer than ``silence``, among messages or turns."""
    if not all(map(le, ends, islice(starts, 1, None))) or not (starts is ends or all(map(le, starts, ends))):
        # An export that was pasted together may jump back.
        yield from [at for at in range(1, len(starts)) if abs(starts[at] - ends[at - 1]) > silence]
        return
    at = 0
    # Most follow each other quickly: rather than at every pause, look where a silence's length is over.
    while starts[-1] - starts[at] > silence:
        at = bisect_right(starts, starts[at] + silence, at + 1)
        if starts[at] - ends[at - 1] > silence:
            yield at


def _joined(batches: Iterable[list[Turn]], silence: timedelta) -> Iterator[list[Turn]]:
    """Join a turn that goes on in the next batch."""
    open_parts: list[Turn] = []
    for turns in batches:
        if not turns:
            continue
        if open_parts:
            last, first = open_parts[-1], turns[0]
            if first.persona is last.persona and abs(first.started_at - last.ended_at) <= silence:
                open_parts.append(first)
                if len(turns) == 1:
                    continue
                turns[0] = _one_of(open_parts)
            else:
                turns.insert(0, _one_of(open_parts))
        open_parts = [turns.pop()]
        yield turns
    if open_parts:
        yield [_one_of(open_parts)]


def _one_of(parts: Sequence[Turn]) -> Turn:
    if len(parts) == 1:
        return parts[0]
    return Turn(
        persona=parts[0].persona,
        text="\n".join([part.text for part in parts]),
        started_at=parts[0].started_at,
        ended_at=parts[-1].ended_at,
        messages=sum(part.messages for part in parts),
        whole=all(part.whole for part in parts),
    )


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
    for batch in _batches(turns):
        # The last turn before is there to measure the pause after it.
        known = [*conversation[-1:], *batch]
        before = len(known) - len(batch)
        begins = _after_silences([turn[2] for turn in known], [turn[3] for turn in known], silence)
        start = 0
        for at in begins:
            conversation += batch[start : at - before]
            yield from _not_too_long(conversation)
            yield conversation
            start, conversation = at - before, []
        conversation += batch[start:]
        yield from _not_too_long(conversation)
    if conversation:
        yield conversation


def _not_too_long(conversation: list[Turn]) -> Iterator[list[Turn]]:
    """Cut pieces off the front, in place, while there are more turns than ``MAX_CONVERSATION_TURNS``."""
    while len(conversation) > MAX_CONVERSATION_TURNS:
        most = MAX_CONVERSATION_TURNS + 1
        cut = max(
            (at for at in range(most // 2, most) if not conversation[at].persona),
            key=lambda at: pause_before(conversation, at),
        )
        yield conversation[:cut]
        del conversation[:cut]


def pause_before(turns: Sequence[Turn], at: int) -> timedelta:
    """How long nobody wrote before the turn at ``at``; never negative."""
    return abs(turns[at].started_at - turns[at - 1].ended_at)
