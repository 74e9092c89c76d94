"""The JSON that DiscordChatExporter writes: one channel, oldest message first.

A message's time is the one that is written there, in its own offset from UTC. Bots and webhooks are left
out, and what somebody forwarded.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from maltu.exports.identities import Identities
from maltu.exports.json_records import Records, object_of, sender_of
from maltu.exports.json_stream import EACH, stream_values, string_in
from maltu.exports.message import InColumns, Message
from maltu.exports.unread import NotAMessage

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from maltu.exports.message import Columns
    from maltu.exports.source import Source

FORMAT = "discord-json"
CUTS_AT = None

_MESSAGES = frozenset((("messages", EACH),))
_SPEECH = ("Default", "Reply")
_MEDIA_KEYS = {"attachments": "attachment", "stickers": "sticker", "embeds": "embed"}

_RECORD = re.compile(r'(?<!\\)"timestampEdited"\s*:')
_CHANNEL = re.compile(r'(?<!\\)"channel"\s*:\s*\{')
_TITLE = re.compile(r'(?<!\\)"channel"\s*:\s*\{[^{}]*?(?<!\\)"name"\s*:\s*("(?:[^"\\]|\\.)*")')
_EXPECTED = "Export the channel with DiscordChatExporter, in the format JSON."


def score(head: str) -> int:
    """Count the messages in ``head``."""
    if not head.lstrip().startswith("{") or not _CHANNEL.search(head):
        return 0
    return len(_RECORD.findall(head)) or 1


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - the header has the channel's own name
    """Give the channel's name."""
    return string_in(head, _TITLE)


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages; what is none is counted by reason.

    Raises:
        UnreadableExport: no JSON, or no message at all.
    """
    return InColumns(_batches(source, skipped))


def _batches(source: Source, skipped: Counter[str]) -> Iterator[Columns]:
    records = Records(partial(_message_of, Identities()), skipped)
    for _, found in stream_values(source, values=_MESSAGES):
        yield from records.columns(found)
    if not records.found:
        raise records.no_messages(_EXPECTED)


def _message_of(identities: Identities, record: dict[str, object]) -> Message:
    sent_at = _sent_at(record)
    text = record.get("content")
    if not isinstance(text, str):
        raise NotAMessage("unreadable text")
    if record.get("type") not in _SPEECH:
        return Message(sent_at, "", text, "system")
    author = object_of(record.get("author"), "no sender")
    if author.get("isBot") is True:
        raise NotAMessage("bot")
    if _is_forwarded(record):
        raise NotAMessage("forwarded")
    sender = sender_of(identities, author.get("id"), author.get("nickname"), author.get("name"))
    if text:
        return Message(sent_at, sender, text, "text")
    what = next((name for key, name in _MEDIA_KEYS.items() if record.get(key)), "message without text")
    return Message(sent_at, sender, f"({what})", "media")


def _sent_at(record: dict[str, object]) -> datetime:
    try:
        # The offset belongs to where the export was made; the clock there is what counts.
        return datetime.fromisoformat(cast("str", record.get("timestamp"))).replace(tzinfo=None)
    except (TypeError, ValueError):
        raise NotAMessage("unreadable date") from None


def _is_forwarded(record: dict[str, object]) -> bool:
    reference = record.get("reference")
    return bool(record.get("forwardedMessage")) or (
        isinstance(reference, dict) and cast("dict[str, object]", reference).get("type") == "Forward"
    )
