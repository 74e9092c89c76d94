r"""The txt that LINE exports: a title, a line per date, ``HH:MM<TAB>name<TAB>text`` per message.

Japanese, English, Korean and Chinese. A text of several lines is wrapped in quotation marks, by some versions
only; its line breaks are given as ``\n``. An hour from 24 on belongs to the night of the date it stands
under. Computers write spaces for the tabs; such a file is read twice, because only all of its lines tell
where names end.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from maltu.exports import line_spaced, line_tabbed
from maltu.exports.assembled import assembled
from maltu.exports.line_blocks import Messages
from maltu.exports.line_dates import date_of
from maltu.exports.line_records import TITLE
from maltu.exports.line_spaced import Names, Spaced
from maltu.exports.line_tabbed import Tabbed
from maltu.exports.message import InColumns
from maltu.exports.text_lines import blocks_of
from maltu.exports.twice import blocks_twice
from maltu.exports.unread import Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from maltu.exports.message import Columns
    from maltu.exports.source import Source

FORMAT = "line"
CUTS_AT = None

_EXPECTED = "A message's line is HH:MM, a tab, the name, a tab, the text, below a line with the date."
_FILE_NAME = re.compile(
    r"\[LINE\] ?(?:Chat (?:history )?with )?(?P<room>.+?)(?:との?トーク(?:履歴)?)?(?: ?\(\d+\))?\.txt"
)


def score(head: str) -> int:
    """Count the messages' and the dates' lines in ``head``; dates alone are other messengers' too."""
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    dates = sum(1 for line in lines if date_of(line))
    sent = sum(1 for line in lines if line_tabbed.MESSAGE.fullmatch(line))
    # Only under a date is a line with a time and a space anything but somebody's words.
    spaced = sum(1 for line in lines if line_spaced.MESSAGE.fullmatch(line)) if dates else 0
    most = max(sent, spaced)
    return most and most + dates


def room(head: str, name: str) -> str | None:
    """Give who the title line or the file's name says the chat is with."""
    title = TITLE.fullmatch(head.lstrip("\ufeff").split("\n", 1)[0].strip())
    if title:
        return next((found.strip('"') for found in title.groups() if found), None)
    named = _FILE_NAME.fullmatch(name)
    return named and named["room"]


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages; what is none is counted by reason.

    Title lines and empty lines are no records and are not counted. A message in whose quotation marks
    another one seems to start is counted in ``source.doubtful``, and one whose sender's name may have more
    words.

    Raises:
        UnreadableExport: not text, a message too long, or no message at all.
    """
    return InColumns(_batches(source, Unread(skipped, unit="line")))


def _batches(source: Source, unread: Unread) -> Iterator[Columns]:
    no_messages = partial(unread.no_messages, _EXPECTED)
    if not _is_spaced(source.head_text):
        messages = Messages(source, unread, Tabbed())
        yield from assembled(blocks_of(source), messages, no_messages=no_messages)
        return
    title = room(source.head_text, source.name.rpartition("/")[2])
    names = Names((title,) if title else ())
    with blocks_twice(source) as (blocks, blocks_again):
        for lines in blocks:
            names.learn(lines)
        yield from assembled(blocks_again, Messages(source, unread, Spaced(names)), no_messages=no_messages)


def _is_spaced(head: str) -> bool:
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    tabs = sum(1 for line in lines if line_tabbed.MESSAGE.fullmatch(line))
    return sum(1 for line in lines if line_spaced.MESSAGE.fullmatch(line)) > tabs
