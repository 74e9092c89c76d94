"""The ``result.json`` that Telegram Desktop exports: one chat, or all of an account."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from maltu.errors import UnreadableExport
from maltu.exports.chats import Chats
from maltu.exports.json_records import Records
from maltu.exports.json_stream import EACH, stream_values, string_in, string_of
from maltu.exports.message import InColumns
from maltu.exports.telegram_people import People

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maltu.exports.chats import Chat
    from maltu.exports.message import Columns
    from maltu.exports.source import Source

FORMAT = "telegram"
CUTS_AT = None

_CHAT = ("messages", EACH)
_LISTS = (("chats", "list", EACH), ("left_chats", "list", EACH))
_IN_LISTS = frozenset((*chats, *_CHAT) for chats in _LISTS)
_NAMES = frozenset((("name",), *((*chats, "name") for chats in _LISTS)))
_OWNER = ("personal_information",)
_OWNERS = frozenset((*_OWNER, key) for key in ("user_id", "first_name", "last_name"))
_ENDS = frozenset((("messages",), _OWNER, *_LISTS))
_CHATS_TO_LIST = 20

_RECORD = re.compile(r'(?<!\\)"type"\s*:\s*"(?:message|service)"')
_ACCOUNT = re.compile(
    r'(?<!\\)"(?:personal_information|chats|left_chats)"\s*:\s*\{'
    # What else the owner has chosen may be longer than the head.
    r'|\A\s*\{\s*"about"\s*:\s*"(?:[^"\\]|\\.)*"\s*,'
    r'\s*"(?:profile_pictures|stories|contacts|frequent_contacts|sessions|web_sessions|other_data)"\s*:'
)
_TITLE = re.compile(r'\A\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")')
_EXPECTED = (
    "Export a chat, or all of them, from Telegram Desktop in the format JSON and drop the result.json."
)


def score(head: str) -> int:
    """Count the messages in ``head``; an account's file may start with much else."""
    if not head.lstrip().startswith("{"):
        return 0
    return len(_RECORD.findall(head)) or len(_ACCOUNT.findall(head))


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - every file is called result.json
    """Give the chat's name, with which the file of one chat begins."""
    return string_in(head, _TITLE)


def is_account(head: str) -> bool:
    """Tell whether a file may hold several chats."""
    return head.lstrip().startswith("{") and _ACCOUNT.search(head) is not None


def read(source: Source, skipped: Counter[str]) -> InColumns:
    """Stream the messages of one chat; what is no message of it is counted by reason.

    An account's file can be read like this where one chat of it has text.

    Raises:
        UnreadableExport: no JSON, no message at all, or several chats with text.
    """
    if is_account(source.head_text):
        return InColumns(_only_chat(source, skipped))
    return InColumns(_one_chat(source, skipped))


def _one_chat(source: Source, skipped: Counter[str]) -> Iterator[Columns]:
    records = Records(People().message_of, skipped)
    for path, found in stream_values(source, values=_IN_LISTS | {_CHAT}):
        if path == _CHAT:
            yield from records.columns(found)
        else:
            skipped["in another chat"] += len(found)
    if not records.found:
        raise records.no_messages(_EXPECTED)


def read_account(source: Source) -> Chats:
    """Put the chats of an account's file aside, to be read one by one and closed.

    Everybody has one name in all chats, and two people never have the same one. The account's owner is the
    one who keeps a name that others have too.

    Raises:
        UnreadableExport: no JSON, no message at all, or too many chats.
    """
    chats = Chats()
    try:
        _put_aside(source, chats)
    except BaseException:
        chats.close()
        raise
    return chats


def _put_aside(source: Source, chats: Chats) -> None:
    skipped: Counter[str] = Counter()
    before: Counter[str] = Counter()
    people = People()
    records = Records(people.message_of, skipped)
    owner: dict[str, object] = {}
    title: str | None = None
    for path, found in stream_values(source, values=_IN_LISTS | {_CHAT} | _NAMES | _OWNERS, ends=_ENDS):
        if path == _OWNER:
            people.introduce(owner)
        elif path in _ENDS:
            chats.end(title, skipped - before)
            before = skipped.copy()
            title = None
        elif path in _NAMES:
            title = string_of(found[-1]) or None
        elif path in _OWNERS:
            owner[path[-1]] = found[-1]
        else:
            for columns in records.columns(found):
                chats.extend(columns)
    if not records.found:
        raise records.no_messages(_EXPECTED)


def _only_chat(source: Source, skipped: Counter[str]) -> Iterator[Columns]:
    with closing(read_account(source)) as chats:
        with_text = [chat for chat in chats.ended if chat.texts]
        if len(with_text) > 1:
            raise _several(with_text)
        only = with_text[0] if with_text else chats.ended[0]
        for chat in chats.ended:
            skipped.update(chat.skipped)
            if chat is not only and chat.messages:
                skipped["in a chat without text"] += chat.messages
        yield from chats.read(only).columns()


def _several(with_text: list[Chat]) -> UnreadableExport:
    listed = [
        f"{chat.title or '(no name)'} ({chat.texts:,} {'message' if chat.texts == 1 else 'messages'})"
        for chat in with_text[:_CHATS_TO_LIST]
    ]
    if more := len(with_text) - len(listed):
        listed.append(f"{more} more")
    return UnreadableExport(
        f"The export holds {len(with_text):,} chats with text: {', '.join(listed)}. Chats are never mixed: "
        "give it as a file that can be read more than once, or export one chat."
    )
