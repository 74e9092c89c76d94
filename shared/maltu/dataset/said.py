"""Which messages a dataset is made from, and what is done to their texts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import compress, pairwise, starmap
from typing import TYPE_CHECKING, NamedTuple

from maltu.dataset.repeats import LONG_TEXT, Repeats
from maltu.exports.lookup import Lookup
from maltu.exports.message import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from maltu.exports import Kind


class Said(NamedTuple):
    """Messages that turns are made of, in columns; yes and no are bytes, 1 and 0.

    Attributes:
        sent_at: when each was sent.
        mine: whether it is the persona's.
        texts: what it says.
        whole: no where the export cut it short.
    """

    sent_at: list[datetime]
    mine: bytearray
    texts: list[str]
    whole: bytearray

    @classmethod
    def nothing(cls) -> Said:
        """Give no messages."""
        return cls([], bytearray(), [], bytearray())

    def part(self, start: int, end: int | None = None) -> Said:
        """Give those from ``start`` to before ``end``."""
        sent_at, mine, texts, whole = self
        return Said(sent_at[start:end], mine[start:end], texts[start:end], whole[start:end])

    def split(self, at: Sequence[int]) -> list[Said]:
        """Cut before each of the given."""
        if not at:
            return [self]
        return list(starmap(self.part, pairwise((0, *at, len(self.texts)))))

    def extend(self, more: Said) -> None:
        """Append what was said next."""
        self.sent_at.extend(more.sent_at)
        self.mine.extend(more.mine)
        self.texts.extend(more.texts)
        self.whole.extend(more.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Takes from one room's messages what is said in it.

    Of what is no text, only the placeholders of media that others sent stay: they are what was answered.

    Attributes:
        speaker: the persona's name as it stands in the export.
        named: whether each message of the user's side starts with ``<name>: ``, to tell them apart.
        cuts_at: the number of characters after which the export cuts a text; None where it does not.
        mask: what is done to every text, many at once; names are left alone.
        repeats: knows which long texts the persona has sent too often already.
        left_out: counts the messages that are in no turn, by reason.
        spoken: counts the messages that are in a turn, by speaker.
    """

    speaker: str
    named: bool = False
    cuts_at: int | None = None
    mask: Callable[[Sequence[str]], Sequence[str]] = list
    repeats: Repeats = field(default_factory=Repeats)
    left_out: Counter[str] = field(default_factory=Counter[str])
    spoken: Counter[str] = field(default_factory=Counter[str])
    _is_mine: Lookup[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_is_mine", Lookup(self.speaker.__eq__))

    def said_in(self, messages: Columns) -> Said:
        """Leave out what is not trained, mask the rest."""
        messages, mine = self._without_repeats(self._worth_training(messages))
        sent_at, senders, texts, _ = messages
        self._count(senders, mine)
        cuts_at = self.cuts_at
        whole = bytearray(b"\1") * len(texts)
        if cuts_at:
            whole[:] = (not is_cut(text, cuts_at) for text in texts)
        texts = self.mask(texts)
        if self.named:
            texts = [
                text if of_persona else f"{sender}: {text}"
                for of_persona, sender, text in zip(mine, senders, texts, strict=True)
            ]
        return Said(list(sent_at), mine, list(texts), whole)

    def _count(self, senders: Sequence[str], mine: bytearray) -> None:
        is_mine = self._is_mine
        if len(is_mine) == 2 and self.speaker in is_mine:  # noqa: PLR2004 - almost every room is of two
            for sender, of_persona in is_mine.items():
                self.spoken[sender] += mine.count(of_persona)
        else:
            self.spoken.update(senders)

    def _worth_training(self, messages: Columns) -> Columns:
        _, senders, texts, kinds = messages
        if kinds.count("text") == len(kinds) and all(texts) and not any(filter(str.isspace, texts)):
            return messages
        return _those(map(self._is_worth_training, senders, texts, kinds), messages)

    def _is_worth_training(self, sender: str, text: str, kind: Kind) -> bool:
        if kind != "text" and (sender == self.speaker or kind != "media"):
            self.left_out["the persona's media" if kind == "media" else kind] += 1
            return False
        if not text or text.isspace():
            self.left_out["empty"] += 1
            return False
        return True

    def _without_repeats(self, messages: Columns) -> tuple[Columns, bytearray]:
        """Leave out what the persona repeats too often; and tell which messages are the persona's."""
        _, senders, texts, _ = messages
        mine = bytearray(map(self._is_mine.__getitem__, senders))
        long = [text for text in compress(texts, mine) if len(text) >= LONG_TEXT]
        repeated = list(map(self.repeats.too_often, long))
        if not any(repeated):
            return messages, mine
        self.left_out["repeated texts of the persona's"] += sum(repeated)
        those = iter(repeated)
        kept = [
            not (of_persona and len(text) >= LONG_TEXT and next(those))
            for of_persona, text in zip(mine, texts, strict=True)
        ]
        return _those(kept, messages), bytearray(compress(mine, kept))


def _those(which: Iterable[bool], messages: Columns) -> Columns:
    kept = list(which)
    columns: Sequence[Sequence[object]] = messages
    return Columns._make([list(compress(column, kept)) for column in columns])


def is_cut(text: str, cuts_at: int) -> bool:
    """Tell whether a text is exactly as long as an export lets texts be.

    What counts as one character there is not documented: a code point, or as in Java half an emoji.
    """
    length = len(text)
    if length > cuts_at or 2 * length < cuts_at:
        return False
    return length == cuts_at or length + sum(character > "\uffff" for character in text) == cuts_at
