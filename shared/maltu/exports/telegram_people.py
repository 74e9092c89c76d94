"""Makes Telegram's records into messages of people, each of whom has one name.

A message's text is a string or a list of strings and entities; both are joined. What was forwarded or sent
through a bot is not the sender's own and is left out. Dates are local; where only ``date_unixtime`` stands,
they are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from maltu.exports.identities import Identities
from maltu.exports.json_records import sender_of
from maltu.exports.json_stream import string_of
from maltu.exports.message import Message
from maltu.exports.unread import NotAMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class People:
    """Makes messages of records, and gives everybody one name."""

    def __init__(self) -> None:
        self._identities = Identities()

    def introduce(self, owner: Mapping[str, object]) -> None:
        """Say who the account's owner is, before anybody writes."""
        if isinstance(user_id := owner.get("user_id"), int):
            name = " ".join(
                part for key in ("first_name", "last_name") if (part := string_of(owner.get(key)))
            )
            if name:
                self._identities.name_of(f"user{user_id}", name)

    def message_of(self, record: dict[str, object]) -> Message:
        """Give the message; raise ``NotAMessage`` where there is none."""
        sent_at = _sent_at(record)
        what = record.get("type")
        if what == "service":
            return Message(sent_at, "", string_of(record.get("action")), "system")
        if what != "message":
            raise NotAMessage("unknown type")
        if "forwarded_from" in record or "forwarded_from_id" in record:
            raise NotAMessage("forwarded")
        if record.get("via_bot"):
            raise NotAMessage("sent through a bot")
        text = record.get("text", "")
        if not isinstance(text, str):
            text = _joined(text)
        sender = sender_of(self._identities, record.get("from_id"), record.get("from"))
        if text:
            return Message(sent_at, sender, text, "text")
        return Message(sent_at, sender, _placeholder(record), "media")


def _sent_at(record: dict[str, object]) -> datetime:
    try:
        if "date" not in record:
            seconds = int(string_of(record.get("date_unixtime")))
            return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        sent_at = datetime.fromisoformat(cast("str", record["date"]))
    except (TypeError, ValueError, OverflowError, OSError):
        raise NotAMessage("unreadable date") from None
    if sent_at.tzinfo:
        raise NotAMessage("unreadable date")
    return sent_at


def _joined(text: object) -> str:
    """Join a text's parts: strings, and entities with a text of their own."""
    parts = cast("list[object]", text) if isinstance(text, list) else [text]
    words = [
        cast("dict[str, object]", part).get("text") if isinstance(part, dict) else part for part in parts
    ]
    if not all(isinstance(word, str) for word in words):
        raise NotAMessage("unreadable text")
    return "".join(cast("list[str]", words))


def _placeholder(record: dict[str, object]) -> str:
    kind = _MEDIA.get(string_of(record.get("media_type")))
    if kind is None:
        kind = next((name for key, name in _MEDIA_KEYS.items() if key in record), "message without text")
    emoji = string_of(record.get("sticker_emoji"))
    return f"({kind} {emoji})" if emoji else f"({kind})"
