"""Writes exports the way KakaoTalk does."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from maltu.exports import Message, read_export

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maltu.exports import Reading

HEADER = "Date,User,Message\n"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def csv_of(rows: Iterable[tuple[str, str, str]], *, end: str = "\n") -> str:
    return HEADER + "".join(f"{date},{quoted(user)},{quoted(text)}{end}" for date, user, text in rows)


def opened(content: str | bytes, *, name: str = "talk.csv") -> Reading:
    raw = content.encode() if isinstance(content, str) else content
    return read_export(io.BytesIO(raw), name=name)


def messages(content: str | bytes) -> list[Message]:
    return list(opened(content))


Said = tuple[datetime, str, str]
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def month(moment: datetime) -> str:
    return MONTHS[moment.month - 1]


def hour(moment: datetime) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M}"


def half(moment: datetime) -> str:
    return "AM" if moment.hour < 12 else "PM"


def korean_clock(moment: datetime) -> str:
    return f"{'오전' if moment.hour < 12 else '오후'} {hour(moment)}"


def korean_day(moment: datetime) -> str:
    return f"{moment.year:04}년 {moment.month}월 {moment.day}일"


def korean_rule(moment: datetime) -> str:
    return f"{korean_day(moment)} {'월화수목금토일'[moment.weekday()]}요일"


def english_rule(moment: datetime) -> str:
    return f"{ENGLISH_DAYS[moment.weekday()]}, {month(moment)} {moment.day}, {moment.year:04}"


Stamp = Callable[[datetime], str]

WINDOWS_CLOCKS: dict[str, Stamp] = {
    "오전 1:03": korean_clock,
    "1:03 AM": lambda at: f"{hour(at)} {half(at)}",
    "AM 1:03": lambda at: f"{half(at)} {hour(at)}",
    "01:03": lambda at: f"{at:%H:%M}",
}
ANDROID_STAMPS: dict[str, Stamp] = {
    "2016년 2월 5일 오전 1:33": lambda at: f"{korean_day(at)} {korean_clock(at)}",
    "2016년 2월 5일 01:33": lambda at: f"{korean_day(at)} {at:%H:%M}",
    "February 5, 2016, 1:33 AM": lambda at: f"{month(at)} {at.day}, {at.year:04}, {hour(at)} {half(at)}",
    "February 5, 2016 at 1:33\u202fAM": lambda at: (
        f"{month(at)} {at.day}, {at.year:04} at {hour(at)}\u202f{half(at)}"
    ),
    "February 5, 2016 at 1:33 a.m.": lambda at: (
        f"{month(at)} {at.day}, {at.year:04} at {hour(at)} {half(at)[0].lower()}.m."
    ),
    "1:33am, February 5, 2016": lambda at: (
        f"{hour(at)}{half(at).lower()}, {month(at)} {at.day}, {at.year:04}"
    ),
    "05/02/2016 오전 1:33": lambda at: f"{at.day:02}/{at.month:02}/{at.year:04} {korean_clock(at)}",
}
IOS_STAMPS: dict[str, Stamp] = {
    "2026. 6. 1. 오전 9:37": lambda at: f"{at.year:04}. {at.month}. {at.day}. {korean_clock(at)}",
    "2026. 6. 1. 09:37": lambda at: f"{at.year:04}. {at.month}. {at.day}. {at:%H:%M}",
    "2026-06-01 오전 9:37": lambda at: f"{at.year:04}-{at:%m-%d} {korean_clock(at)}",
    "Jun 1, 2026, 9:37 AM": lambda at: f"{month(at)[:3]} {at.day}, {at.year:04}, {hour(at)} {half(at)}",
    "Jun 1, 2026 09:37": lambda at: f"{month(at)[:3]} {at.day}, {at.year:04} {at:%H:%M}",
    "Jun 1, 2026 at 09:37": lambda at: f"{month(at)[:3]} {at.day}, {at.year:04} at {at:%H:%M}",
    "오전 9:37": korean_clock,
}
MOBILE_STAMPS = {**ANDROID_STAMPS, **IOS_STAMPS}
WINDOWS_HEADERS = {
    "ko": "홍길동 님과 카카오톡 대화\r\n저장한 날짜 : 2026-11-03 10:44:52\r\n\r\n",
    "en": "홍길동 with KakaoTalk Chats\r\nDate Saved : 2026-11-03 10:44:52\r\n\r\n",
    "": "",
}
ANDROID_HEADER = "홍길동 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 11월 3일 오전 11:29\n\r\n"
IOS_HEADER = "Talk_2026.11.3 11:29-1.txt\r\n저장한 날짜 : 2026. 11. 3. 오전 11:29\r\n\r\n\r\n\r\n"


def windows_of(
    said: Iterable[Said], *, clock: Stamp = korean_clock, rule: Stamp = korean_rule, header: str = "ko"
) -> str:
    written = [WINDOWS_HEADERS[header]]
    today = None
    for at, name, text in said:
        if at.date() != today:
            today = at.date()
            written.append(f"--------------- {rule(at)} ---------------\n")
        written.append(f"[{name}] [{clock(at)}] {text}\n")
    return written[0] + "".join(written[1:]).replace("\n", "\r\n")


def mobile_of(said: Iterable[Said], *, stamp: Stamp, header: str = "", rule: Stamp | None = None) -> str:
    """Write what Android exports, or with ``rule`` what iOS does; without a name, KakaoTalk speaks."""
    written = [header]
    today = None
    for at, name, text in said:
        if at.date() != today:
            written.append(f"{chr(13) + chr(10) if today else ''}{(rule or stamp)(at)}\r\n")
            today = at.date()
        start = f", {name} : " if name else ": " if rule else ", "
        written.append(f"{stamp(at)}{start}{text}\r\n")
    return "".join(written)


def android_of(said: Iterable[Said], *, form: str = "2016년 2월 5일 오전 1:33") -> str:
    return mobile_of(said, stamp=ANDROID_STAMPS[form], header=ANDROID_HEADER)


def ios_of(said: Iterable[Said], *, form: str = "2026. 6. 1. 오전 9:37", header: str = IOS_HEADER) -> str:
    rule = english_rule if form.startswith("Jun") else korean_rule
    return mobile_of(said, stamp=IOS_STAMPS[form], header=header, rule=rule)


def said_in(content: str | bytes) -> list[Said]:
    return [(sent_at, sender, text) for sent_at, sender, text, _ in messages(content)]
