r"""The txt that LINE exports: a title, a line per date, ``HH:MM<TAB>name<TAB>text`` per message.

Japanese, English and Korean. A text of several lines is wrapped in quotation marks, by some versions only;
its line breaks are given as ``\n``. An hour from 24 on belongs to the night of the date it stands under.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from maltu.exports.message import Message
from maltu.exports.names import Spellings
from maltu.exports.text_lines import lines_of, too_long
from maltu.exports.unread import Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from maltu.exports.message import Kind
    from maltu.exports.source import Source

FORMAT = "line"
CUTS_AT = None

_EXPECTED = "A message's line is HH:MM, a tab, the name, a tab, the text, below a line with the date."
_TITLE = re.compile(
    r"(?:\[LINE\] ?)?"
    r"(?:Chat history (?:with|in) (?P<en>.+)"
    r"|(?P<ja>.+?)(?:との|の)?トーク履歴|(?P<ko>.+?) ?님과의 (?:대화|채팅).*)"
)
_PREAMBLE = re.compile(
    r"(?:\[LINE\].*|保存日時 ?[:：].*|Saved on ?:.*|저장(?:한 날짜| 일시|일시|된 날짜) ?[:：].*)"
)
_WEEKDAYS = (
    *("月火水木金土日", "월화수목금토일"),
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)
_DAY = (
    r"(?:[月火水木金土日](?:曜日)?|[월화수목금토일](?:요일)?"
    r"|(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?)"
)
_DATE = re.compile(
    r"(?P<year>\d{4})(?:[/.-] ?|年|년 ?)(?P<month>\d{1,2})(?:[/.-] ?|月|월 ?)(?P<day>\d{1,2})"
    rf"(?:\.|日|일)? ?\(?(?P<weekday>{_DAY})\)?"
)
_WEEKDAY_FIRST = re.compile(
    rf"(?P<weekday>{_DAY}),? (?P<a>\d{{1,2}})[/.](?P<b>\d{{1,2}})[/.](?P<year>\d{{4}})"
)
_MESSAGE = re.compile(
    r"(?:(?P<before>오전|오후|午前|午後|上午|下午) ?)?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?: ?(?P<after>[AaPp])\.?[Mm]\.?)?\t(?P<first>[^\t]*)(?:\t(?P<text>.*))?",
    re.DOTALL,
)
_PM = frozenset(("오후", "午後", "下午", "p", "P"))
_MEDIA = re.compile(
    r"\[(?:スタンプ|写真|動画|画像|ボイスメッセージ|ファイル|アルバム|連絡先|位置情報|ノート|プレゼント|ギフト"
    r"|Sticker|Photo|Video|Voice message|File|Album|Contact|Location|Note|Gift"
    r"|스티커|사진|동영상|음성 ?메시지|파일|앨범|연락처|위치(?: ?정보)?|노트|선물)\]"
    r"|☎ .+"
)
_DELETED = re.compile(
    r"(?:.{0,40}(?:が|は))?メッセージの送信を取り消しました。?|(?:.{1,40} )?unsent a message\.?"
    r"|(?:.{1,40}(?:님이|이|가) )?메시지 (?:전송을|보내기를) 취소했습니다\.?"
)


def score(head: str) -> int:
    """Count the messages' and the dates' lines in ``head``; dates alone are other messengers' too."""
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    sent = sum(1 for line in lines if _MESSAGE.fullmatch(line))
    return sent and sent + sum(1 for line in lines if _date_of(line))


def room(head: str, name: str) -> str | None:  # noqa: ARG001 - the first line has it
    """Give who the title line says the chat is with."""
    title = _TITLE.fullmatch(head.lstrip("\ufeff").split("\n", 1)[0].strip())
    return title and next((found.strip('"') for found in title.groups() if found), None)


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages; what is none is counted by reason.

    Title lines and empty lines are no records and are not counted. A message in whose quotation marks
    another one seems to start is counted in ``source.doubtful``.

    Raises:
        UnreadableExport: not text, a message too long, or no message at all.
    """
    unread = Unread(skipped, unit="line")
    records = _Records(source, unread)
    found = False
    for number, line, _ in lines_of(source):
        if message := records.take(number, line):
            found = True
            yield message
    if message := records.end():
        found = True
        yield message
    if not found:
        raise unread.no_messages(_EXPECTED)


class _Records:
    """Puts messages together, line by line."""

    def __init__(self, source: Source, unread: Unread) -> None:
        self._source = source
        self._unread = unread
        self._spellings = Spellings()
        self._day: date | None = None
        self._record: _Record | None = None

    def take(self, number: int, line: str) -> Message | None:
        """Take a line; give the message that ended before it."""
        if (dated := _date_of(line)) is not None:
            message = self.end(before_date=True)
            self._day = dated
            return message
        if header := _MESSAGE.fullmatch(line):
            if self._record and self._record.is_open():
                self._source.doubtful["inside quotation marks"] += 1
            message = self.end()
            self._start(number, line, header)
            return message
        if self._record:
            self._record.add(line, number)
        elif line.strip() and not _PREAMBLE.fullmatch(line) and not _TITLE.fullmatch(line):
            self._unread.count("outside any message", number, line)
        return None

    def end(self, *, before_date: bool = False) -> Message | None:
        """Give the message whose lines were taken last."""
        record, self._record = self._record, None
        return record and record.message(self._spellings, before_date=before_date)

    def _start(self, number: int, line: str, header: re.Match[str]) -> None:
        if self._day is None:
            self._unread.count("no date before it", number, line)
        elif (sent_at := _sent_at(self._day, header)) is None:
            self._unread.count("unreadable time", number, line)
        else:
            self._record = _Record(sent_at, header)


class _Record:
    """A message's lines."""

    def __init__(self, sent_at: datetime, header: re.Match[str]) -> None:
        self._sent_at = sent_at
        first, text = header["first"], header["text"]
        self._sender = "" if text is None else first
        self._lines: list[str] = [first if text is None else text]
        self._characters = 0

    def add(self, line: str, number: int) -> None:
        self._characters += len(line) + 1
        too_long(self._characters, number)
        self._lines.append(line)

    def is_open(self) -> bool:
        """Tell whether a quotation mark opens several lines and has not closed yet."""
        return len(self._lines) > 1 and self._lines[0].startswith('"') and not self._lines[-1].endswith('"')

    def message(self, spellings: Spellings, *, before_date: bool = False) -> Message:
        """Give the message; an empty line stands before a date, and is no part of it."""
        if before_date and len(self._lines) > 1 and not self._lines[-1]:
            self._lines.pop()
        text = _unquoted("\n".join(self._lines))
        return Message(self._sent_at, spellings[self._sender], text, _kind_of(self._sender, text))


def _unquoted(text: str) -> str:
    if "\n" not in text or not (text.startswith('"') and text.endswith('"')):
        return text
    inner = text[1:-1]
    # Some versions double the marks inside, others do not: an odd run tells that they were left alone.
    runs = re.findall('"+', inner)
    return inner.replace('""', '"') if all(len(run) % 2 == 0 for run in runs) else inner


def _kind_of(sender: str, text: str) -> Kind:
    if _DELETED.fullmatch(text):
        return "deleted"
    if not sender:
        return "system"
    return "media" if _MEDIA.fullmatch(text) else "text"


def _date_of(line: str) -> date | None:
    line = line.strip()
    if not line or not (line[0].isdecimal() or line[0].isupper()):
        return None
    if found := _DATE.fullmatch(line):
        return _date(found["year"], found["month"], found["day"], found["weekday"])
    if found := _WEEKDAY_FIRST.fullmatch(line):
        # Month or day first, by country; the weekday tells.
        return _date(found["year"], found["a"], found["b"], found["weekday"]) or _date(
            found["year"], found["b"], found["a"], found["weekday"]
        )
    return None


def _date(year: str, month: str, day: str, weekday: str) -> date | None:
    try:
        dated = date(int(year), int(month), int(day))
    except ValueError:
        return None
    names = [week[dated.weekday()] for week in _WEEKDAYS]
    return dated if any(weekday.startswith(name) for name in names) else None


def _sent_at(day: date, header: re.Match[str]) -> datetime | None:
    hour, minute = int(header["hour"]), int(header["minute"])
    if half := header["before"] or header["after"]:
        hour = hour % 12 + 12 * (half in _PM)
    if hour >= 30 or minute >= 60:  # noqa: PLR2004 - no night is longer than until 29:59
        return None
    try:
        return datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
    except OverflowError:
        return None
