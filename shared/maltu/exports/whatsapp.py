r"""The txt that WhatsApp exports, on Android and on iPhones.

A message starts with a time, ``18/03/2022, 14:56 - Name: text`` or ``[18/03/22, 14:56:01] Name: text``, in
as many styles as there are regions; without ``Name: `` it is WhatsApp's own. A file has one style, so
a line in another one is part of somebody's text. Where records end with CRLF, as on iPhones, a line behind
a bare LF is too. Both, and the order of day and month, take the whole file to decide: its lines are read
twice. A text's line breaks are given as ``\n``.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from maltu.exports.assembled import assembled
from maltu.exports.message import Columns, InColumns
from maltu.exports.text_lines import end_of, numbered
from maltu.exports.twice import blocks_twice
from maltu.exports.unread import Unread
from maltu.exports.whatsapp_blocks import Cutter
from maltu.exports.whatsapp_dates import Evidence, is_possible, stamp_of
from maltu.exports.whatsapp_messages import NO_TIME, Messages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maltu.exports.source import Source
    from maltu.exports.whatsapp_dates import Style

FORMAT = "whatsapp"
CUTS_AT = None

_EXPECTED = "A message's line is like 18/03/2022, 14:56 - Name: text or [18/03/22, 14:56:01] Name: text."
_FILE_NAME = re.compile(
    r"(?:WhatsApp Chat (?:with|-) (?P<en>.+?)|WhatsApp 대화 ?[-:] ?(?P<ko>.+?)"
    r"|(?P<with>.+?)님과의? ?WhatsApp ?(?:대화|채팅))"
    r"(?: ?\(\d+\))?(?:\.txt|\.zip)?"
)
# DiscordChatExporter's plain text, which does not say where a message ends.
_DISCORD_TEXT = re.compile(r"\s*={10,}\s+Guild: ")


def score(head: str) -> int:
    """Count the lines of ``head`` that start messages of one style."""
    if _DISCORD_TEXT.match(head):
        return 0
    styles: Counter[Style] = Counter()
    for line in head.split("\n"):
        stamp = stamp_of(line)
        if stamp and is_possible(stamp):
            styles[stamp.style] += 1
    return max(styles.values(), default=0)


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - only the file's name has it
    """Give who the file's name says the chat is with."""
    named = _FILE_NAME.fullmatch(name)
    return named and next(found for found in named.groups() if found)


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages; lines above the first one are counted.

    ``source.doubtful`` counts messages that might be part of the one before, lines in a message that might
    be one of their own, and every message where the order of day and month is a guess.

    Raises:
        UnreadableExport: not text, a message too long, or no message at all.
    """
    return InColumns(_batches(source, Unread(skipped, unit="line")))


def _batches(source: Source, unread: Unread) -> Iterator[Columns]:
    no_messages = partial(unread.no_messages, _EXPECTED)
    with blocks_twice(source) as (blocks, blocks_again):
        survey = _Survey()
        for lines in blocks:
            survey.take(lines)
        evidence = survey.evidence()
        if evidence is None:
            for number, line, _ in numbered(blocks_again):
                if line.strip():
                    unread.count(NO_TIME, number, line)
            raise no_messages()
        messages = Messages(source, evidence, survey.cutters[evidence.style], unread)
        yield from assembled(blocks_again, messages, no_messages=no_messages)


class _Survey:
    """Learns from all lines what times the messages start with.

    Attributes:
        cutters: for every style that was met, what cuts lines at its times.
    """

    def __init__(self) -> None:
        self.cutters: dict[Style, Cutter] = {}
        self._styles: dict[Style, Evidence] = {}
        self._end_before = ""

    def take(self, lines: str) -> None:
        """Take whole lines."""
        evidence = self.evidence()
        if evidence is None or not self._take_at_once(lines, evidence):
            self._take_each(lines)

    def evidence(self) -> Evidence | None:
        """Give what the most frequent style says."""
        return max(self._styles.values(), key=lambda evidence: evidence.stamps, default=None)

    def _take_at_once(self, lines: str, evidence: Evidence) -> bool:
        cutter = self.cutters[evidence.style]
        dates = cutter.dates(f"\n{lines}", line_end="\n")
        crlf = "\r\n" if self._end_before == "\r\n" else ""
        after_crlf = cutter.dates(f"{crlf}{lines}", line_end="\r\n") if "\r" in lines else ()
        if dates is None or after_crlf is None:
            return False
        try:
            days = [(cutter.stamp(date), len(list(same))) for date, same in groupby(dates)]
        except ValueError:
            return False
        if not all(is_possible(stamp) for stamp, _ in days):
            return False
        for stamp, count in days:
            evidence.take(stamp, count)
        evidence.after_crlf += len(after_crlf)
        evidence.after_lf += len(dates) - len(after_crlf)
        self._end_before = end_of(lines)
        return True

    def _take_each(self, lines: str) -> None:
        for _, line, end in numbered((lines,)):
            if (stamp := stamp_of(line)) and is_possible(stamp):
                style = stamp.style
                evidence = self._styles.setdefault(style, Evidence(style))
                evidence.take(stamp)
                evidence.after_crlf += self._end_before == "\r\n"
                evidence.after_lf += self._end_before == "\n"
                self.cutters.setdefault(style, Cutter(style)).learn(line, stamp)
            self._end_before = end
