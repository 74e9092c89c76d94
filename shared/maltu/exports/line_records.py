"""Puts the messages of LINE's txt together from its lines, and tells what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from maltu.exports.line_dates import date_of
from maltu.exports.message import Message
from maltu.exports.names import Spellings
from maltu.exports.text_lines import too_long

if TYPE_CHECKING:
    from datetime import date

    from maltu.exports.message import Kind
    from maltu.exports.source import Source
    from maltu.exports.unread import Unread

QUOTED = "inside quotation marks"
RARE = "of somebody met seldom, whose name may be longer"
TITLE = re.compile(
    r"(?:\[LINE\] ?)?"
    r"(?:Chat history (?:with|in) (?P<en>.+)"
    r"|(?P<ja>.+?)(?:との|の)?トーク履歴|(?P<ko>.+?) ?님과의 (?:대화|채팅).*"
    r"|[與与]?(?P<zh>.+?)的(?:聊天[記记][錄录]|對話|对话))"
)
_PREAMBLE = re.compile(
    r"(?:\[LINE\].*|保存日時 ?[:：].*|Saved on ?:.*|저장(?:한 날짜| 일시|일시|된 날짜) ?[:：].*"
    r"|(?:儲存|保存)(?:日期|時間|时间) ?[:：].*|บันทึกวันที่ ?:.*)"
)
TIME = (
    r"(?:(?P<before>오전|오후|午前|午後|上午|下午) ?)?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?: ?(?P<after>[AaPp])\.?[Mm]\.?)?"
)
_PM = frozenset(("오후", "午後", "下午", "p", "P"))
_MEDIA = re.compile(
    r"\[(?:スタンプ|写真|動画|画像|ボイスメッセージ|ファイル|アルバム|連絡先|位置情報|ノート|プレゼント|ギフト"
    r"|Sticker|Photo|Video|Voice message|File|Album|Contact|Location|Note|Gift"
    r"|스티커|사진|동영상|음성 ?메시지|파일|앨범|연락처|위치(?: ?정보)?|노트|선물"
    r"|貼圖|照片|圖片|影片|語音訊息|檔案|相簿|聯絡資訊|位置訊息|記事本"
    r"|贴图|图片|视频|语音信息|文件|相册|联系人|位置)\]"
    r"|☎ .+"
)
DELETED = re.compile(
    r"(?:.{0,40}(?:が|は))?メッセージの送信を取り消しました。?"
    r"|(?:.{1,40} )?unsent a message\.?|Message unsent\.?"
    r"|(?:.{1,40}(?:님이|이|가) )?메시지 (?:전송을|보내기를) 취소했습니다\.?"
    r"|(?:.{1,40})?(?:已收回訊息|撤回了一[条則]消息)。?"
)

# Somebody's words that neither start nor end like this are no more than that, and not in quotation marks: for
# many texts with a NUL around each. The tests of what LINE writes itself hold these to the patterns.
SUSPECT_START = re.compile(r"\0[\[☎\"]")
SUSPECT_END = re.compile(
    r"(?:取り消しました|unsent a message|Message unsent|취소했습니다|已收回訊息|撤回了一[条則]消息)"
    r"[.。]?(?=\0)"
)


class Header(NamedTuple):
    """A message's first line; without a sender, LINE speaks.

    Attributes:
        rare: whether nothing else says that a message starts here.
    """

    clock: re.Match[str]
    sender: str
    text: str
    rare: bool = False


class Form(Protocol):
    """How a file sets a message's time, name and text apart."""

    @property
    def starts(self) -> re.Pattern[str]:
        r"""Finds a message's start behind ``\n``: its time, and the name with what ends it, or nothing."""
        ...

    @property
    def placeholders(self) -> frozenset[str]:
        """What stands for media, beside what stands in brackets."""
        ...

    def header_of(self, line: str) -> Header | None:
        """Give the message that starts with a line; None where none does."""
        ...

    def split(self, names: list[str], texts: list[str]) -> tuple[list[str], int]:
        """Give the senders of messages that ``starts`` has cut, and how many of these are ``rare``.

        What of a name is text, or of a text is name, is moved in ``texts``.
        """
        ...


class Records:
    """Puts messages together, line by line.

    Attributes:
        day: the date that the next lines stand under; None above the first one.
        record: the message whose lines are taken; None below a date.
        spellings: the senders.
    """

    def __init__(self, source: Source, unread: Unread, form: Form) -> None:
        self.day: date | None = None
        self.record: Record | None = None
        self.spellings = Spellings()
        self._source = source
        self._unread = unread
        self._form = form

    def take(self, number: int, line: str) -> Message | None:
        """Take a line; give the message that ended before it."""
        if (dated := date_of(line)) is not None and not self._is_pasted(dated):
            if self.record:
                self.record.end_before_date()
            message = self.end()
            self.day = dated
            return message
        if dated is None and (header := self._form.header_of(line)) and not self._is_quoted(header):
            if self.record and self.record.is_open():
                self._source.doubtful[QUOTED] += 1
            message = self.end()
            self._start(number, line, header)
            return message
        if self.record:
            self.record.add(line, number)
        elif line.strip() and (self.day or not (_PREAMBLE.fullmatch(line) or TITLE.fullmatch(line))):
            self._unread.count("outside any message", number, line)
        return None

    def end(self) -> Message | None:
        """Give the message whose lines were taken last."""
        record, self.record = self.record, None
        return record and record.message(self.spellings, self._form.placeholders)

    def _is_pasted(self, dated: date) -> bool:
        """Tell whether a line that looks like a date is part of a text: in the past, in quotation marks."""
        if not (self.record and dated < self.record.sent_at.date() and self.record.is_open()):
            return False
        self.record.quotes_another_day = True
        return True

    def _is_quoted(self, header: Header) -> bool:
        """Tell whether a line that looks like a message is part of the one before.

        It is earlier, and of somebody unknown or in quotation marks; or of the earlier day quoted there.
        """
        if header.rare:
            self._source.doubtful[RARE] += 1
        sent_at = self.day and _sent_at(self.day, header.clock)
        if not self.record or not sent_at:
            return False
        earlier = sent_at < self.record.sent_at
        is_pasted = (earlier or self.record.quotes_another_day) and self.record.is_open()
        return is_pasted or (earlier and header.rare)

    def _start(self, number: int, line: str, header: Header) -> None:
        if self.day is None:
            self._unread.count("no date before it", number, line)
        elif (sent_at := _sent_at(self.day, header.clock)) is None:
            self._unread.count("unreadable time", number, line)
        else:
            self.record = Record(sent_at, header.sender, [header.text])


@dataclass(slots=True)
class Record:
    """A message's lines.

    Attributes:
        characters: how many the lines have below the first one, with their ends.
        quotes_another_day: whether a date was pasted into it, in quotation marks.
    """

    sent_at: datetime
    sender: str
    lines: list[str]
    characters: int = 0
    quotes_another_day: bool = False

    def add(self, line: str, number: int) -> None:
        """Take the next line; an error where there are too many."""
        self.characters += len(line) + 1
        too_long(self.characters, number)
        self.lines.append(line)

    def is_open(self) -> bool:
        """Tell whether a quotation mark opens the text and has not closed yet."""
        return is_open("\n".join(self.lines))

    def end_before_date(self) -> None:
        """Leave out the empty line that stands before a date."""
        if len(self.lines) > 1 and not self.lines[-1]:
            self.lines.pop()

    def message(self, spellings: Spellings, placeholders: frozenset[str]) -> Message:
        """Give the message."""
        text = unquoted("\n".join(self.lines))
        kind = kind_of(self.sender, text, placeholders)
        return Message(self.sent_at, spellings[self.sender], text, kind)


def is_open(text: str) -> bool:
    """Tell whether a quotation mark opens a text, as it is written, and has not closed at its end."""
    return text.startswith('"') and not (len(text) > 1 and text.endswith('"'))


def unquoted(text: str) -> str:
    """Take the quotation marks away that stand around several lines."""
    if "\n" not in text or not (text.startswith('"') and text.endswith('"')):
        return text
    inner = text[1:-1]
    # Some versions double the marks inside, others do not: an odd run tells that they were left alone.
    runs = re.findall('"+', inner)
    return inner.replace('""', '"') if all(len(run) % 2 == 0 for run in runs) else inner


def kind_of(sender: str, text: str, placeholders: frozenset[str]) -> Kind:
    """Tell what a message is; without a sender, LINE speaks."""
    if DELETED.fullmatch(text):
        return "deleted"
    if not sender:
        return "system"
    return "media" if text in placeholders or _MEDIA.fullmatch(text) else "text"


def since_midnight(clock: re.Match[str]) -> timedelta | None:
    """Give the time from a date's midnight, up to the end of its night; None for no time."""
    hour, minute = int(clock["hour"]), int(clock["minute"])
    if half := clock["before"] or clock["after"]:
        hour = hour % 12 + 12 * (half in _PM)
    if hour >= 30 or minute >= 60:  # noqa: PLR2004 - no night is longer than until 29:59
        return None
    return timedelta(hours=hour, minutes=minute)


def _sent_at(day: date, clock: re.Match[str]) -> datetime | None:
    if (since := since_midnight(clock)) is None:
        return None
    try:
        return datetime.combine(day, time()) + since
    except OverflowError:
        return None
