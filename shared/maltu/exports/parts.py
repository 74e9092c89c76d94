"""Which files are parts of one export: messengers cut long chats into several, and number them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Rule(NamedTuple):
    """How a format names its parts: the group ``number``, and what is common to them in ``before``."""

    name: re.Pattern[str]
    newest_first: bool = False


_RULES = {
    "kakaotalk-ios": _Rule(re.compile(r"(?P<before>.+)-(?P<number>\d{1,6})\.txt", re.IGNORECASE)),
    "instagram": _Rule(re.compile(r"(?P<before>message)_(?P<number>\d{1,6})\.json"), newest_first=True),
    # The first part has no number.
    "discord-json": _Rule(re.compile(r"(?P<before>.+?)(?: \[part (?P<number>\d{1,6})\])?\.json")),
    "discord-csv": _Rule(re.compile(r"(?P<before>.+?)(?: \[part (?P<number>\d{1,6})\])?\.csv")),
}
# In a download of a whole account every thread has a folder of its own.
_FOLDER_IS_A_ROOM = frozenset(("instagram",))


class Part(NamedTuple):
    """A file and its export's format."""

    name: str
    format: str


def put_together(parts: Sequence[Part]) -> list[list[int]]:
    """Group the files that are parts of one export: those in one folder that the format numbers.

    Returns:
        The files' places among ``parts``, in the order in which they are read, for every export.
    """
    exports: dict[object, list[tuple[int, int]]] = {}
    for place, (path, messenger) in enumerate(parts):
        folder, _, name = path.rpartition("/")
        rule = _RULES.get(messenger)
        found = rule and rule.name.fullmatch(name)
        if not rule or not found:
            exports[place] = [(0, place)]
            continue
        number = int(found["number"] or 1)
        key = (messenger, folder, found["before"])
        exports.setdefault(key, []).append((-number if rule.newest_first else number, place))
    return [[place for _, place in sorted(numbered)] for numbered in exports.values()]


def is_room_of_its_own(part: Part) -> bool:
    """Tell whether the file's folder in a zip holds one room, and no other folder there does."""
    return part.format in _FOLDER_IS_A_ROOM and "/" in part.name
