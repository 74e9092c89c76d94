r"""The txt that LINE exports: a title, a line per date, ``HH:MM<TAB>name<TAB>text`` per message.

Japanese, English, Korean and Chinese. A text of several lines is wrapped in quotation marks, by some versions
only; its line breaks are given as ``\n``. An hour from 24 on belongs to the night of the date it stands
under. Computers write spaces for the tabs; such a file goes through a spool on disk, because only all of its
lines tell where names end.
"""

from __future__ import annotations

import re
import tempfile
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, NamedTuple

from maltu.exports import line_spaced
from maltu.exports.line_dates import date_of
from maltu.exports.message import Message
from maltu.exports.names import Spellings
from maltu.exports.spool import IN_MEMORY_BYTES
from maltu.exports.text_lines import lines_of, spooled, too_long
from maltu.exports.unread import Unread

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from maltu.exports.line_spaced import Names
    from maltu.exports.message import Kind
    from maltu.exports.source import Source

FORMAT = "line"
CUTS_AT = None

_RARE = "of somebody met seldom, whose name may be longer"
_EXPECTED = "A message's line is HH:MM, a tab, the name, a tab, the text, below a line with the date."
_TITLE = re.compile(
    r"(?:\[LINE\] ?)?"
    r"(?:Chat history (?:with|in) (?P<en>.+)"
    r"|(?P<ja>.+?)(?:との|の)?トーク履歴|(?P<ko>.+?) ?님과의 (?:대화|채팅).*"
    r"|[與与]?(?P<zh>.+?)的(?:聊天[記记][錄录]|對話|对话))"
)
_FILE_NAME = re.compile(
    r"\[LINE\] ?(?:Chat (?:history )?with )?(?P<room>.+?)(?:との?トーク(?:履歴)?)?(?: ?\(\d+\))?\.txt"
)
_PREAMBLE = re.compile(
    r"(?:\[LINE\].*|保存日時 ?[:：].*|Saved on ?:.*|저장(?:한 날짜| 일시|일시|된 날짜) ?[:：].*"
    r"|(?:儲存|保存)(?:日期|時間|时间) ?[:：].*|บันทึกวันที่ ?:.*)"
)
_TIME = (
    r"(?:(?P<before>오전|오후|午前|午後|上午|下午) ?)?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?: ?(?P<after>[AaPp])\.?[Mm]\.?)?"
)
_MESSAGE = re.compile(rf"{_TIME}\t(?P<first>[^\t]*)(?:\t(?P<text>.*))?", re.DOTALL)
_SPACED_MESSAGE = re.compile(rf"{_TIME} (?P<rest>[^\s].*)", re.DOTALL)
_PM = frozenset(("오후", "午後", "下午", "p", "P"))
_MEDIA = re.compile(
    r"\[(?:スタンプ|写真|動画|画像|ボイスメッセージ|ファイル|アルバム|連絡先|位置情報|ノート|プレゼント|ギフト"
    r"|Sticker|Photo|Video|Voice message|File|Album|Contact|Location|Note|Gift"
    r"|스티커|사진|동영상|음성 ?메시지|파일|앨범|연락처|위치(?: ?정보)?|노트|선물"
    r"|貼圖|照片|圖片|影片|語音訊息|檔案|相簿|聯絡資訊|位置訊息|記事本"
    r"|贴图|图片|视频|语音信息|文件|相册|联系人|位置)\]"
    r"|☎ .+"
)
_DELETED = re.compile(
    r"(?:.{0,40}(?:が|は))?メッセージの送信を取り消しました。?"
    r"|(?:.{1,40} )?unsent a message\.?|Message unsent\.?"
    r"|(?:.{1,40}(?:님이|이|가) )?메시지 (?:전송을|보내기를) 취소했습니다\.?"
    r"|(?:.{1,40})?(?:已收回訊息|撤回了一[条則]消息)。?"
)


class _Header(NamedTuple):
    """A message's first line; without a sender, LINE speaks.

    Attributes:
        media: whether the text is a placeholder.
        rare: whether nothing else says that a message starts here.
    """

    clock: re.Match[str]
    sender: str
    text: str
    media: bool = False
    rare: bool = False


def score(head: str) -> int:
    """Count the messages' and the dates' lines in ``head``; dates alone are other messengers' too."""
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    dates = sum(1 for line in lines if date_of(line))
    sent = sum(1 for line in lines if _MESSAGE.fullmatch(line))
    # Only under a date is a line with a time and a space anything but somebody's words.
    spaced = sum(1 for line in lines if _SPACED_MESSAGE.fullmatch(line)) if dates else 0
    most = max(sent, spaced)
    return most and most + dates


def room(head: str, name: str) -> str | None:
    """Give who the title line or the file's name says the chat is with."""
    title = _TITLE.fullmatch(head.lstrip("\ufeff").split("\n", 1)[0].strip())
    if title:
        return next((found.strip('"') for found in title.groups() if found), None)
    named = _FILE_NAME.fullmatch(name)
    return named and named["room"]


def read(source: Source, skipped: Counter[str]) -> Iterator[Message]:
    """Stream the messages; what is none is counted by reason.

    Title lines and empty lines are no records and are not counted. A message in whose quotation marks
    another one seems to start is counted in ``source.doubtful``, and one whose sender's name may have more
    words.

    Raises:
        UnreadableExport: not text, a message too long, or no message at all.
    """
    head = source.head_text
    if not _is_spaced(head):
        yield from _messages(source, skipped, lines_of(source), _header_of)
        return
    title = room(head, source.name.rpartition("/")[2])
    names = line_spaced.Names((title,) if title else ())
    with tempfile.SpooledTemporaryFile(
        max_size=IN_MEMORY_BYTES, mode="w+", encoding="utf-8", newline="\n"
    ) as spool:
        _learn(source, names, spool)
        yield from _messages(source, skipped, spooled(spool), lambda line: _spaced_header_of(line, names))


def _is_spaced(head: str) -> bool:
    lines = [line.removesuffix("\r") for line in head.split("\n")]
    tabs = sum(1 for line in lines if _MESSAGE.fullmatch(line))
    return sum(1 for line in lines if _SPACED_MESSAGE.fullmatch(line)) > tabs


def _learn(source: Source, names: Names, spool: IO[str]) -> None:
    for _, line, end in lines_of(source):
        spool.write(line + end)
        if found := _SPACED_MESSAGE.fullmatch(line):
            names.learn(found["rest"])
    spool.seek(0)


def _header_of(line: str) -> _Header | None:
    if (found := _MESSAGE.fullmatch(line)) is None:
        return None
    first, text = found["first"], found["text"]
    return _Header(found, "", first) if text is None else _Header(found, first, text)


def _spaced_header_of(line: str, names: Names) -> _Header | None:
    if (found := _SPACED_MESSAGE.fullmatch(line)) is None:
        return None
    rest = found["rest"]
    if _DELETED.fullmatch(rest):
        return _Header(found, "", rest)
    sender, text = names.split(rest)
    media = bool(sender) and line_spaced.MEDIA.fullmatch(text) is not None
    return _Header(
        found, sender, text, media=media, rare=names.is_rare(sender) if sender else " " not in text
    )


def _messages(
    source: Source,
    skipped: Counter[str],
    lines: Iterable[tuple[int, str, str]],
    header_of: Callable[[str], _Header | None],
) -> Iterator[Message]:
    unread = Unread(skipped, unit="line")
    records = _Records(source, unread, header_of)
    found = False
    for number, line, _ in lines:
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

    def __init__(self, source: Source, unread: Unread, header_of: Callable[[str], _Header | None]) -> None:
        self._source = source
        self._unread = unread
        self._header_of = header_of
        self._spellings = Spellings()
        self._day: date | None = None
        self._record: _Record | None = None

    def take(self, number: int, line: str) -> Message | None:
        """Take a line; give the message that ended before it."""
        if (dated := date_of(line)) is not None:
            message = self.end(before_date=True)
            self._day = dated
            return message
        if (header := self._header_of(line)) and not self._is_quoted(header):
            if self._record and self._record.is_open():
                self._source.doubtful["inside quotation marks"] += 1
            message = self.end()
            self._start(number, line, header)
            return message
        if self._record:
            self._record.add(line, number)
        elif line.strip() and (self._day or not (_PREAMBLE.fullmatch(line) or _TITLE.fullmatch(line))):
            self._unread.count("outside any message", number, line)
        return None

    def end(self, *, before_date: bool = False) -> Message | None:
        """Give the message whose lines were taken last."""
        record, self._record = self._record, None
        return record and record.message(self._spellings, before_date=before_date)

    def _is_quoted(self, header: _Header) -> bool:
        """Tell whether a line that looks like a message, of somebody unknown, is part of the one before."""
        if not header.rare:
            return False
        self._source.doubtful[_RARE] += 1
        sent_at = self._day and _sent_at(self._day, header.clock)
        return bool(self._record and sent_at and sent_at < self._record.sent_at)

    def _start(self, number: int, line: str, header: _Header) -> None:
        if self._day is None:
            self._unread.count("no date before it", number, line)
        elif (sent_at := _sent_at(self._day, header.clock)) is None:
            self._unread.count("unreadable time", number, line)
        else:
            self._record = _Record(sent_at, header)


class _Record:
    """A message's lines."""

    def __init__(self, sent_at: datetime, header: _Header) -> None:
        self.sent_at = sent_at
        self._header = header
        self._lines = [header.text]
        self._characters = 0

    def add(self, line: str, number: int) -> None:
        self._characters += len(line) + 1
        too_long(self._characters, number)
        self._lines.append(line)

    def is_open(self) -> bool:
        """Tell whether a quotation mark opens the text and has not closed yet."""
        closed = len(self._lines) > 1 or len(self._lines[0]) > 1
        return self._lines[0].startswith('"') and not (closed and self._lines[-1].endswith('"'))

    def message(self, spellings: Spellings, *, before_date: bool = False) -> Message:
        """Give the message; an empty line stands before a date, and is no part of it."""
        if before_date and len(self._lines) > 1 and not self._lines[-1]:
            self._lines.pop()
        text = _unquoted("\n".join(self._lines))
        sender = self._header.sender
        kind: Kind = "media" if self._header.media and text == self._header.text else _kind_of(sender, text)
        return Message(self.sent_at, spellings[sender], text, kind)


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


def _sent_at(day: date, clock: re.Match[str]) -> datetime | None:
    hour, minute = int(clock["hour"]), int(clock["minute"])
    if half := clock["before"] or clock["after"]:
        hour = hour % 12 + 12 * (half in _PM)
    if hour >= 30 or minute >= 60:  # noqa: PLR2004 - no night is longer than until 29:59
        return None
    try:
        return datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
    except OverflowError:
        return None
