"""The lines above the messages of KakaoTalk's text exports: the room's title and when it was saved."""

from __future__ import annotations

import re

from maltu.exports.names import name_key

_ROOM = re.compile(
    r"""
      (?:(?P<people>.+?)\ \([0-9,]+명\)(?:과|\ 님과)?
        | (?P<with>.+?)(?:\ ?님과(?:의)?)
        | (?P<bare>.+?)) \ 카카오톡\ 대화 (?:-[0-9]+)? (?:\.txt)?
    | KakaoTalk\ Chats\ with\ (?P<english>.+?) (?:\ \([0-9,]+(?:\ people)?\))? (?:-[0-9]+)? (?:\.txt)?
    | (?P<windows>.+?)\ with\ KakaoTalk\ Chats
    """,
    re.VERBOSE,
)
_PEOPLE = re.compile(r" [0-9]{1,4}$")
_FILE_TITLE = re.compile(r"Talk_[0-9].*\.txt|.+-[0-9]+\.txt")
_SAVED = re.compile(r"(?:저장한 날짜|Date Saved) : .*[0-9]:[0-9]{2}.*")
_RULE_WITHOUT_DAY = re.compile(r"-{5,}")
_SAVED_STARTS = ("저장한 날짜 : ", "Date Saved : ")


def is_saved_line(line: str) -> bool:
    """Tell whether a line says when the export was saved."""
    return line.startswith(_SAVED_STARTS) and _SAVED.fullmatch(line.strip()) is not None


def is_title(line: str) -> bool:
    """Tell whether a line is a room's title, or the file name that iOS writes there."""
    line = line.strip()
    return _ROOM.fullmatch(line) is not None or _FILE_TITLE.fullmatch(line) is not None


def room_of(title: str) -> str | None:
    """Give the room's name in a title, without the number of people; None where there is none."""
    named = _ROOM.fullmatch(name_key(title))
    if named is None:
        return None
    room = next(name for name in named.groups() if name)
    return room if named["people"] or named["windows"] else _PEOPLE.sub("", room)


def room_in(head: str, name: str) -> str | None:
    """Give the room's name from the title line above the messages, or from the file's name."""
    first = head.lstrip().partition("\n")[0]
    return room_of(first) or room_of(name)


def count_unknown(lines: list[str]) -> int:
    """Count the lines above the first message that are neither title nor date nor empty."""
    said = [line.strip() for line in lines if line.strip()]
    unknown = 0
    for at, line in enumerate(said):
        # Some titles are the room's bare name.
        titled = is_title(line) or (at == 0 and len(said) > 1 and is_saved_line(said[1]))
        unknown += not (titled or is_saved_line(line) or _RULE_WITHOUT_DAY.fullmatch(line))
    return unknown


def later_part_at(lines: list[str]) -> int | None:
    """Find where another export's title begins below a message, as when parts were put together."""
    for at in range(2, len(lines)):
        if is_saved_line(lines[at]) and is_title(lines[at - 1]):
            return at - 1
    return None
