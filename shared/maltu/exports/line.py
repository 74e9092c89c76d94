r"""The txt that LINE exports: a title, a line per date, ``HH:MM<TAB>name<TAB>text`` per message.

Japanese, English, Korean and Chinese. A text of several lines is wrapped in quotation marks, by some versions
only; its line breaks are given as ``\n``. An hour from 24 on belongs to the night of the date it stands
under. Computers write spaces for the tabs; such a file is read twice, because only all of its lines tell
where names end.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from maltu.exports import line_spaced
from maltu.exports.line_blocks import Messages
from maltu.exports.line_dates import date_of
from maltu.exports.line_records import DELETED, TIME, TITLE, Header, Records
from maltu.exports.message import InColumns
from maltu.exports.text_lines import blocks_of, numbered
from maltu.exports.twice import blocks_twice
from maltu.exports.unread import Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from maltu.exports.line_spaced import Names
    from maltu.exports.message import Columns, Message
    from maltu.exports.source import Source

FORMAT = "line"
CUTS_AT = None

_EXPECTED = "A message's line is HH:MM, a tab, the name, a tab, the text, below a line with the date."
_FILE_NAME = re.compile(
    r"\[LINE\] ?(?:Chat (?:history )?with )?(?P<room>.+?)(?:との?トーク(?:履歴)?)?(?: ?\(\d+\))?\.txt"
)
_MESSAGE = re.compile(rf"{TIME}\t(?P<first>[^\t]*)(?:\t(?P<text>.*))?", re.DOTALL)
_SPACED_MESSAGE = re.compile(rf"{TIME} (?P<rest>[^\s].*)", re.DOTALL)


def score(head: str) -> int:
    """Count the messages' and the dates' lines in ``head``; dates alone are other messengers' too."""
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    dates = sum(1 for line in lines if date_of(line))
    sent = sum(1 for line in lines if _MESSAGE.fullmatch(line))
    # Only under a date is a line with a time and a space anything but somebody's words.
    spaced = sum(1 for line in lines if _SPACED_MESSAGE.fullmatch(line)) if dates else 0
    most = max(sent, spaced)
    return most and most + dates


def room(head: str, name: str) -> str | None:
    """Give who the title line or the file's name says the chat is with."""
    title = TITLE.fullmatch(head.lstrip("\ufeff").split("\n", 1)[0].strip())
    if title:
        return next((found.strip('"') for found in title.groups() if found), None)
    named = _FILE_NAME.fullmatch(name)
    return named and named["room"]


def read(source: Source, skipped: Counter[str]) -> Iterable[Message]:
    """Stream the messages; what is none is counted by reason.

    Title lines and empty lines are no records and are not counted. A message in whose quotation marks
    another one seems to start is counted in ``source.doubtful``, and one whose sender's name may have more
    words.

    Raises:
        UnreadableExport: not text, a message too long, or no message at all.
    """
    unread = Unread(skipped, unit="line")
    return _spaced(source, unread) if _is_spaced(source.head_text) else InColumns(_batches(source, unread))


def _batches(source: Source, unread: Unread) -> Iterator[Columns]:
    messages = Messages(source, unread, _header_of)
    found = False
    for columns in chain.from_iterable(map(messages.take, blocks_of(source))):
        found = True
        yield columns
    if columns := messages.last():
        found = True
        yield columns
    if not found:
        raise unread.no_messages(_EXPECTED)


def _spaced(source: Source, unread: Unread) -> Iterator[Message]:
    title = room(source.head_text, source.name.rpartition("/")[2])
    names = line_spaced.Names((title,) if title else ())
    records = Records(source, unread, lambda line: _spaced_header_of(line, names))
    found = False
    with blocks_twice(source) as (blocks, blocks_again):
        for _, line, _ in numbered(blocks):
            if rest := _SPACED_MESSAGE.fullmatch(line):
                names.learn(rest["rest"])
        for number, line, _ in numbered(blocks_again):
            if message := records.take(number, line):
                found = True
                yield message
    if message := records.end():
        found = True
        yield message
    if not found:
        raise unread.no_messages(_EXPECTED)


def _is_spaced(head: str) -> bool:
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    tabs = sum(1 for line in lines if _MESSAGE.fullmatch(line))
    return sum(1 for line in lines if _SPACED_MESSAGE.fullmatch(line)) > tabs


def _header_of(line: str) -> Header | None:
    if (found := _MESSAGE.fullmatch(line)) is None:
        return None
    first, text = found["first"], found["text"]
    return Header(found, "", first) if text is None else Header(found, first, text)


def _spaced_header_of(line: str, names: Names) -> Header | None:
    if (found := _SPACED_MESSAGE.fullmatch(line)) is None:
        return None
    rest = found["rest"]
    if DELETED.fullmatch(rest):
        return Header(found, "", rest)
    sender, text = names.split(rest)
    media = bool(sender) and line_spaced.MEDIA.fullmatch(text) is not None
    return Header(found, sender, text, media=media, rare=names.is_rare(sender) if sender else " " not in text)
