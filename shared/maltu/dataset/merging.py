"""Several exports of one room become one stream, every message once.

Phones write minutes and Macs write seconds, phones cut long texts and Windows breaks lines differently. So
the exports are read side by side, a minute at a time: within a minute, the same words of the same speaker are
the same message, as often as the export says them that says them most often.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from maltu.exports import Message

TOLD_TWICE = "in another export too"

# A room that writes more than this in a minute is compared in parts.
_MOST_AT_ONCE = 5_000

_Block = tuple["datetime", list["Message"]]


def merge_exports(
    exports: Sequence[Iterable[Message]],
    *,
    told_twice: Counter[str],
    names: Sequence[Mapping[str, str]] | None = None,
    cuts_at: int | None = None,
) -> Iterator[Message]:
    """Merge one room's exports; each is in the order of time, and the messages come in that order.

    No more than a minute of each is in memory.

    Args:
        exports: the parts, re-exports and exports from other devices of one room.
        told_twice: counts the messages that are left out because another export has them.
        names: for each export, what its speakers are called in the others.
        cuts_at: the number of characters after which one of them cuts a text; whole texts take their place.
    """
    mapped = names or [dict[str, str]()] * len(exports)
    streams = [_minutes(export, of) for export, of in zip(exports, mapped, strict=True)]
    waiting: dict[int, _Block] = {
        number: block for number, stream in enumerate(streams) if (block := next(stream, None)) is not None
    }
    while waiting:
        minute = min(block[0] for block in waiting.values())
        blocks: list[list[Message]] = []
        for number in [number for number, block in waiting.items() if block[0] == minute]:
            blocks.append(waiting.pop(number)[1])
            if (block := next(streams[number], None)) is not None:
                waiting[number] = block
        if len(blocks) == 1:
            yield from blocks[0]
            continue
        merged = _merged(blocks, cuts_at)
        told_twice[TOLD_TWICE] += sum(map(len, blocks)) - len(merged)
        yield from merged


def _minutes(export: Iterable[Message], names: Mapping[str, str]) -> Iterator[_Block]:
    minute: datetime | None = None
    block: list[Message] = []
    for message in export:
        at = message.sent_at.replace(second=0, microsecond=0)
        if at != minute or len(block) >= _MOST_AT_ONCE:
            if minute is not None:
                yield minute, block
            minute = at
            block = []
        name = names.get(message.sender)
        block.append(message if name is None else message._replace(sender=name))
    if minute is not None:
        yield minute, block


def _merged(blocks: list[list[Message]], cuts_at: int | None) -> list[Message]:
    # Seconds order best, and more messages order better than fewer.
    first, *others = sorted(blocks, key=lambda block: (not _has_seconds(block), -len(block)))
    merged = first
    for other in others:
        merged = _with(merged, other, cuts_at)
    return merged


def _with(known: list[Message], other: list[Message], cuts_at: int | None) -> list[Message]:
    """Add what ``known`` lacks, each behind the message that it follows in its own export."""
    places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for place, message in enumerate(known):
        places[_key(message, cuts_at)].append(place)
    texts = list(known)
    added: defaultdict[int, list[Message]] = defaultdict(list)
    last: int | None = None
    before: list[Message] = []
    for message in other:
        same = places.get(_key(message, cuts_at))
        if same:
            place = same.popleft()
            if last is None:
                added[place - 1] = before
            last = place if last is None else max(last, place)
            if len(message.text) > len(texts[place].text) and message.kind == "text":
                texts[place] = texts[place]._replace(text=message.text)
        elif last is None:
            before.append(message)
        else:
            added[last].append(message)
    if last is None:
        return texts + before
    merged = added[-1]
    for place, message in enumerate(texts):
        merged.append(message)
        merged += added.get(place, ())
    return merged


def _key(message: Message, cuts_at: int | None) -> Hashable:
    if message.kind == "system":
        return "", message.text
    if message.kind != "text":
        return message.sender, None, message.kind
    return message.sender, comparable(message.text)[:cuts_at].strip()


def comparable(text: str) -> str:
    """Undo what devices do differently: the ends of lines, and blanks around the text."""
    return text.replace("\r\n", "\n").strip()


def _has_seconds(block: list[Message]) -> bool:
    return any(message.sent_at.second for message in block)
