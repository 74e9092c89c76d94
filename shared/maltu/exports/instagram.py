"""The ``message_1.json`` of an Instagram or Facebook download: one thread, newest message first.

It is read to its end and put aside on disk, then handed out oldest first. Texts are UTF-8 bytes written as
one escape each; every string is mended by itself, and kept as it is where it is none of those. Times are
UTC, because the file does not say where they were sent. Facebook's end-to-end encrypted chats are
downloaded apart, in a file that says the same in other words.
"""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import gt, lt
from typing import TYPE_CHECKING, cast

from maltu.exports.json_records import Records
from maltu.exports.json_stream import EACH, stream_values, string_in, string_of
from maltu.exports.lookup import Lookup
from maltu.exports.message import InColumns, Message
from maltu.exports.names import Spellings
from maltu.exports.spool import Spool
from maltu.exports.unread import NotAMessage

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping, Sequence

    from maltu.exports.message import Columns, Kind
    from maltu.exports.source import Source

FORMAT = "instagram"
CUTS_AT = None

_MESSAGES = ("messages", EACH)
_TITLES = (("title",), ("threadName",))
# What the encrypted chats' files call it.
_OTHER_KEYS = {
    "senderName": "sender_name",
    "timestamp": "timestamp_ms",
    "text": "content",
    "isUnsent": "is_unsent",
}
_EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)

_RECORD = re.compile(r'(?<!\\)"timestamp(?:_ms)?"\s*:\s*-?\d')
_THREAD = re.compile(r'(?<!\\)"(?:thread_path|sender_name|senderName)"\s*:\s*"')
_TITLE = re.compile(r'(?<!\\)"title"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"is_still_participant"')
_EXPECTED = "Download your information as JSON and drop a thread's message_1.json."

_ENDINGS = {
    "photo": ("jpg", "jpeg", "png", "webp", "heic"),
    "GIF": ("gif",),
    "video": ("mp4", "mov", "webm"),
    "audio": ("aac", "m4a", "mp3", "ogg", "opus", "wav"),
}
_ATTACHMENTS = {
    "photos": "photo",
    "videos": "video",
    "audio_files": "audio",
    "gifs": "GIF",
    "sticker": "sticker",
    "files": "file",
    "share": "share",
}
# What the messenger writes in the place of an attachment, behind the sender's name or "You".
_SENT = re.compile(
    r" sent (?:an attachment"
    r"|(?:a|\d+) (?:photos?|videos?|stickers?|GIFs?|links?|voice messages?|files?|posts?))\."
    r"|님이 (?:첨부 ?파일|사진(?: \d+장)?|동영상(?: \d+개)?|스티커|링크|음성 메시지|파일)[을를] 보냈습니다\."
)
_REACTION = re.compile(
    r"Liked a message|Reacted \S{1,20} to your message"
    r"|메시지를 좋아합니다\.?"
    r"|(?:회원님의 )?메시지에 \S{1,20} ?(?:이모티콘으로 |(?:으)?로 )?(?:공감|반응)(?:했|하였)습니다\.?"
)
_EVENT = re.compile(
    r" (?:named the group .+|changed the (?:group photo|chat theme|theme|group name) ?.*|left the group"
    r"|added .+ to the group|removed .+ from the group|set (?:your|the|his|her|their) ?(?:own )?nickname .+"
    r"|joined the (?:video )?(?:chat|call)"
    r"|(?:created|started|ended|missed) (?:the|an?|your) (?:group|poll|video chat|audio call|call))\."
    r"|님이 (?:그룹 이름을 .+습니다|그룹을 나갔습니다|.+님을 그룹에 추가했습니다|채팅 테마를 .+습니다)\.?"
)
_OWN_TYPES = ("Subscribe", "Unsubscribe")
# How a text starts that the messenger may have written, unless it starts with the sender's name.
_ACTORS = ("You", "회원")  # 회원님이, as Korean says
_OPENINGS = (*_ACTORS, "Liked", "Reacted", "메시지")


def score(head: str) -> int:
    """Count the messages in ``head``."""
    if not head.lstrip().startswith("{") or not _THREAD.search(head):
        return 0
    return len(_RECORD.findall(head))


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - every file is called message_1.json
    """Give the thread's title, where the file is short enough for its end to be in ``head``."""
    title = string_in(head, _TITLE)
    return title and mended(title)


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages, oldest first; what is none is counted by reason.

    Raises:
        UnreadableExport: no JSON, or no message at all.
    """
    return InColumns(_batches(source, skipped))


def _batches(source: Source, skipped: Counter[str]) -> Iterator[Columns]:
    records = Records(partial(_message_of, Lookup(partial(_names_of, Spellings()))), skipped)
    earlier = later = 0
    before: Sequence[datetime] = ()
    with closing(Spool()) as spool:
        for path, found in stream_values(source, values=frozenset((_MESSAGES, *_TITLES))):
            if path in _TITLES:
                source.room = mended(string_of(found[-1])) or None
                continue
            for columns in records.columns(found):
                spool.extend(columns)
                times = (*before, *columns.sent_at)
                earlier += sum(map(lt, times[1:], times))
                later += sum(map(gt, times[1:], times))
                before = times[-1:]
        if not records.found:
            raise records.no_messages(_EXPECTED)
        # A file that somebody has sorted is left in its order.
        yield from spool if later > earlier else reversed(spool)


def _names_of(spellings: Spellings, written: str) -> tuple[str, str]:
    """Give a name as people see it, and the first spelling of that."""
    name = mended(string_of(written))
    return name, spellings[name]


def mended(text: str) -> str:
    """Read UTF-8 bytes that were written as one character each; anything else is kept as it is."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _message_of(senders: Mapping[str, tuple[str, str]], record: dict[str, object]) -> Message:
    if "senderName" in record:
        record = _in_other_words(record)
    sent_at = _sent_at(record.get("timestamp_ms"))
    written = record.get("sender_name")
    if not isinstance(written, str) or not written:
        raise NotAMessage("no sender")
    content = record.get("content", "")
    if not isinstance(content, str):
        raise NotAMessage("unreadable text")
    name, sender = senders[written]
    kind, text = _kind_and_text(record, name, mended(content))
    return Message(sent_at, sender, text, kind)


def _in_other_words(record: dict[str, object]) -> dict[str, object]:
    """Say what an encrypted chat's record says as the other files do."""
    said = {_OTHER_KEYS.get(key, key): value for key, value in record.items() if value is not None}
    media = record.get("media")
    files = cast("list[object]", media) if isinstance(media, list) else []
    for each in files:
        file = cast("dict[str, object]", each) if isinstance(each, dict) else {}
        ending = string_of(file.get("uri")).rpartition(".")[2].lower()
        what = next((what for what, endings in _ENDINGS.items() if ending in endings), "file")
        said.setdefault(next(key for key, name in _ATTACHMENTS.items() if name == what), True)
    return said


def _sent_at(milliseconds: object) -> datetime:
    if isinstance(milliseconds, int) and not isinstance(milliseconds, bool):
        try:
            return _EPOCH + timedelta(milliseconds=milliseconds)
        except OverflowError:
            pass
    raise NotAMessage("unreadable date")


def _kind_and_text(record: dict[str, object], sender: str, content: str) -> tuple[Kind, str]:
    if record.get("is_unsent") is True:
        return "deleted", content
    may_be_own = content.startswith((sender, *_OPENINGS))
    if record.get("type") in _OWN_TYPES or (may_be_own and _is_own(content, sender)):
        return "system", content
    if "call_duration" in record or record.get("type") == "Call":
        return "media", content or "(call)"
    if content and not (may_be_own and _is_by(_SENT, content, sender)):
        return "text", content
    attached = next((name for key, name in _ATTACHMENTS.items() if record.get(key)), None)
    return "media", content or f"({attached or 'message without text'})"


def _is_own(content: str, sender: str) -> bool:
    return _REACTION.fullmatch(content.rstrip()) is not None or _is_by(_EVENT, content, sender)


def _is_by(pattern: re.Pattern[str], content: str, sender: str) -> bool:
    return any(
        content.startswith(who) and pattern.fullmatch(content.rstrip(), len(who))
        for who in (sender, *_ACTORS)
    )
