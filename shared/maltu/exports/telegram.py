"""The ``result.json`` that Telegram Desktop exports: one chat, or a whole account of which one chat is text.

A message's text is a string or a list of strings and entities; both are joined. What was forwarded or sent
through a bot is not the sender's own and is left out. Dates are local; where only ``date_unixtime`` stands,
they are UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from maltu.errors import UnreadableExport
from maltu.exports.identities import Identities
from maltu.exports.json_stream import EACH, ENDED, record_start, stream_values, string_in, string_of
from maltu.exports.message import Message
from maltu.exports.spool import Spool
from maltu.exports.unread import NotAMessage, Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from typing import Self

    from maltu.exports.source import Source

FORMAT = "telegram"
CUTS_AT = None

_CHAT = ("messages", EACH)
_LISTS = (("chats", "list"), ("left_chats", "list"))
_VALUES = frozenset(
    (_CHAT, *((*chats, EACH, "name") for chats in _LISTS), *((*chats, EACH, *_CHAT) for chats in _LISTS))
)
_ENDS = frozenset((*chats, EACH) for chats in _LISTS)
_CHATS_TO_LIST = 20

_RECORD = re.compile(r'(?<!\\)"type"\s*:\s*"(?:message|service)"')
_ACCOUNT = re.compile(r'(?<!\\)"(?:personal_information|chats)"\s*:\s*\{')
_TITLE = re.compile(r'\A\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")')
_EXPECTED = "Export one chat from Telegram Desktop, in the format JSON, and drop its result.json."

_MEDIA = {
    "sticker": "sticker",
    "voice_message": "voice message",
    "video_message": "video message",
    "video_file": "video",
    "animation": "animation",
    "audio_file": "audio",
}
_MEDIA_KEYS = {
    "photo": "photo",
    "location_information": "location",
    "contact_information": "contact",
    "poll": "poll",
    "game_title": "game",
    "invoice_information": "invoice",
    "file": "file",
}


def score(head: str) -> int:
    """Count the messages in ``head``; an account's file may start with much else."""
    if not head.lstrip().startswith("{"):
        return 0
    return len(_RECORD.findall(head)) or len(_ACCOUNT.findall(head))


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - every file is called result.json
    """Give the chat's name, with which the file of one chat begins."""
    return string_in(head, _TITLE)


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages of the one chat with text; what is no message of it is counted by reason.

    Only an account's file is read to its end before its first message comes, through a spool on disk.

    Raises:
        UnreadableExport: no JSON, no message at all, or several chats with text.
    """
    unread = Unread(skipped, unit="message")
    found = False
    with _Chats(skipped) as chats:
        reader = _Records(unread)
        for path, value in stream_values(source, values=_VALUES, ends=_ENDS):
            if value is ENDED:
                chats.end()
            elif path[-1] == "name":
                chats.name = string_of(value)
            elif (message := reader.message_of(value)) and path == _CHAT:
                found = True
                yield message
            elif message:
                chats.add(message)
        for message in chats.messages():
            found = True
            yield message
    if not found:
        raise unread.no_messages(_EXPECTED)


class _Records:
    """Makes messages of records, one after the other."""

    def __init__(self, unread: Unread) -> None:
        self._unread = unread
        self._identities = Identities()
        self._number = 0

    def message_of(self, record: object) -> Message | None:
        """Give the message; None, and counted, where there is none."""
        self._number += 1
        try:
            return self._read(record)
        except NotAMessage as why:
            self._unread.count(str(why), self._number, record_start(record))
            return None

    def _read(self, record: object) -> Message:
        if not isinstance(record, dict):
            raise NotAMessage("no object")
        record = cast("dict[str, object]", record)
        sent_at = _sent_at(record)
        if record.get("type") == "service":
            return Message(sent_at, "", string_of(record.get("action")), "system")
        if record.get("type") != "message":
            raise NotAMessage("unknown type")
        if "forwarded_from" in record or "forwarded_from_id" in record:
            raise NotAMessage("forwarded")
        if record.get("via_bot"):
            raise NotAMessage("sent through a bot")
        text = _text(record.get("text", ""))
        user_id, name = string_of(record.get("from_id")), string_of(record.get("from"))
        if not user_id and not name:
            raise NotAMessage("no sender")
        sender = self._identities.name_of(user_id, name)
        if text:
            return Message(sent_at, sender, text, "text")
        return Message(sent_at, sender, _placeholder(record), "media")


class _Chats:
    """Keeps the only chat of an account's file that has text, and counts the others' messages."""

    def __init__(self, skipped: Counter[str]) -> None:
        self.name = ""
        self._skipped = skipped
        self._spool = Spool()
        self._kept: Spool | None = None
        self._messages = self._texts = 0
        self._with_text: list[tuple[str, int]] = []
        self._chats_with_text = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()
        if self._kept:
            self._kept.close()

    def add(self, message: Message) -> None:
        self._messages += 1
        self._texts += message.kind == "text"
        if not self._kept:
            self._spool.append(message)

    def end(self) -> None:
        if not self._texts:
            if self._messages:
                self._skipped["in a chat without text"] += self._messages
        else:
            self._chats_with_text += 1
            if len(self._with_text) < _CHATS_TO_LIST:
                self._with_text.append((self.name or "(no name)", self._texts))
        if self._texts and not self._kept:
            self._kept = self._spool
        else:
            self._spool.close()
        self._spool = Spool()
        self.name = ""
        self._messages = self._texts = 0

    def messages(self) -> Iterator[Message]:
        if self._chats_with_text > 1:
            raise self._several()
        if self._kept:
            yield from self._kept

    def _several(self) -> UnreadableExport:
        listed = [
            f"{name} ({count:,} {'message' if count == 1 else 'messages'})" for name, count in self._with_text
        ]
        if more := self._chats_with_text - len(listed):
            listed.append(f"{more} more")
        return UnreadableExport(
            f"The export holds {self._chats_with_text:,} chats with text: {', '.join(listed)}. "
            f"Chats are never mixed. {_EXPECTED}"
        )


def _sent_at(record: dict[str, object]) -> datetime:
    try:
        if "date" not in record:
            seconds = int(string_of(record.get("date_unixtime")))
            return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        sent_at = datetime.fromisoformat(string_of(record["date"]))
    except (ValueError, OverflowError, OSError):
        raise NotAMessage("unreadable date") from None
    if sent_at.tzinfo:
        raise NotAMessage("unreadable date")
    return sent_at


def _text(text: object) -> str:
    """Join a text's parts: strings, and entities with a text of their own."""
    parts = cast("list[object]", text) if isinstance(text, list) else [text]
    words = [
        cast("dict[str, object]", part).get("text") if isinstance(part, dict) else part for part in parts
    ]
    if not all(isinstance(word, str) for word in words):
        raise NotAMessage("unreadable text")
    return "".join(map(string_of, words))


def _placeholder(record: dict[str, object]) -> str:
    kind = _MEDIA.get(string_of(record.get("media_type")))
    if kind is None:
        kind = next((name for key, name in _MEDIA_KEYS.items() if key in record), "message without text")
    emoji = string_of(record.get("sticker_emoji"))
    return f"({kind} {emoji})" if emoji else f"({kind})"
