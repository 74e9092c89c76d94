r"""The txt that WhatsApp exports, on Android and on iPhones.

A message starts with a time, ``18/03/2022, 14:56 - Name: text`` or ``[18/03/22, 14:56:01] Name: text``, in
as many styles as there are regions; without ``Name: `` it is WhatsApp's own. A file has one style, so
a line in another one is part of somebody's text. Where records end with CRLF, as on iPhones, a line behind
a bare LF is too. Both, and the order of day and month, take the whole file to decide: its lines go through
a spool on disk, and are read again from there. A text's line breaks are given as ``\n``.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from typing import IO, TYPE_CHECKING

from maltu.exports.message import Message
from maltu.exports.names import Spellings
from maltu.exports.spool import IN_MEMORY_BYTES
from maltu.exports.text_lines import lines_of, spooled, too_long
from maltu.exports.unread import Unread
from maltu.exports.whatsapp_dates import Evidence, is_possible, sent_at, stamp_of
from maltu.exports.whatsapp_kinds import told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from maltu.exports.source import Source
    from maltu.exports.whatsapp_dates import Order, Stamp, Style

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
_NO_TIME = "no time at its start"
_OTHER_STYLE = "like a message of another style"
_EARLIER = "earlier than the message before"
_GUESSED = "day and month in a guessed order"

_QUOTE = re.compile('["“”„«»]')
_LONGEST_NAME = 80
_AROUND_NAMES = " \u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"


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


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages; lines above the first one are counted.

    ``source.doubtful`` counts messages that might be part of the one before, lines in a message that might
    be one of their own, and every message where the order of day and month is a guess.

    Raises:
        UnreadableExport: not text, a message too long, or no message at all.
    """
    unread = Unread(skipped, unit="line")
    # What is spooled was decoded before, so it can be encoded.
    with tempfile.SpooledTemporaryFile(
        max_size=IN_MEMORY_BYTES, mode="w+", encoding="utf-8", newline="\n"
    ) as spool:
        evidence = _survey(source, spool)
        if evidence is None:
            for number, line, _ in spooled(spool):
                if line.strip():
                    unread.count(_NO_TIME, number, line)
            raise unread.no_messages(_EXPECTED)
        yield from _messages(source, spool, evidence, unread)


def _survey(source: Source, spool: IO[str]) -> Evidence | None:
    """Write the lines into the spool; give what their most frequent style says."""
    styles: dict[Style, Evidence] = {}
    end_before = ""
    for _, line, end in lines_of(source):
        spool.write(line + end)
        if (stamp := stamp_of(line)) and is_possible(stamp):
            evidence = styles.setdefault(stamp.style, Evidence(stamp.style))
            evidence.take(stamp)
            evidence.after_crlf += end_before == "\r\n"
            evidence.after_lf += end_before == "\n"
        end_before = end
    spool.seek(0)
    return max(styles.values(), key=lambda evidence: evidence.stamps, default=None)


def _messages(source: Source, spool: IO[str], evidence: Evidence, unread: Unread) -> Iterator[Message]:
    order, guessed = evidence.order()
    only_after_crlf = evidence.after_crlf > evidence.after_lf
    senders = _Senders()
    at: datetime | None = None
    record: list[str] = []
    characters = 0
    end_before = ""
    for number, line, end in spooled(spool):
        stamp = None if only_after_crlf and end_before == "\n" else stamp_of(line)
        end_before = end
        if stamp and (starts := _starts(stamp, evidence.style, order)):
            if at:
                yield _message(at, "\n".join(record), senders, bracket=evidence.style.bracket)
                if starts < at:
                    source.doubtful[_EARLIER] += 1
            if guessed:
                source.doubtful[_GUESSED] += 1
            at = starts
            record = [line[stamp.end :]]
            characters = 0
        elif at:
            if stamp:
                source.doubtful[_OTHER_STYLE] += 1
            record.append(line)
            characters += len(line) + 1
            too_long(characters, number)
        elif line.strip():
            unread.count(_NO_TIME, number, line)
    if at:
        yield _message(at, "\n".join(record), senders, bracket=evidence.style.bracket)


def _starts(stamp: Stamp, style: Style, order: Order) -> datetime | None:
    return sent_at(stamp, order) if stamp.style == style else None


class _Senders:
    """Tells where a name ends: at the first colon and space that are no part of WhatsApp's own words."""

    def __init__(self) -> None:
        self._spellings = Spellings()

    def split(self, text: str) -> tuple[str, str]:
        """Give sender and message; the sender is empty where WhatsApp speaks."""
        first, _, _ = text.partition("\n")
        name, colon, rest = first.partition(": ")
        if colon and (name in self._spellings or _is_name(name, rest)):
            return self._spellings[name].strip(_AROUND_NAMES), text[len(name) + 2 :]
        # An editor may have taken the space away; then only a name that was seen before is one.
        name, colon, _ = first.partition(":")
        if colon and name in self._spellings:
            return self._spellings[name].strip(_AROUND_NAMES), text[len(name) + 1 :]
        return "", text


def _is_name(name: str, rest: str) -> bool:
    # Ann changed the subject to "Plan: B"
    quoted_title = " " in name and _is_odd(name) and _is_odd(rest)
    return 0 < len(name.strip()) <= _LONGEST_NAME and not quoted_title


def _is_odd(text: str) -> bool:
    return len(_QUOTE.findall(text)) % 2 == 1


def _message(at: datetime, text: str, senders: _Senders, *, bracket: bool) -> Message:
    sender, text = senders.split(text)
    if not sender:
        return Message(at, "", text, "system")
    text, kind = told_apart(text, bracket=bracket)
    return Message(at, sender, text, kind)
