"""One chat, as each messenger writes its export."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    Rows = Iterable[tuple[datetime, str, str]]

_WEEKDAYS = "월화수목금토일"
_JAPANESE_WEEKDAYS = "月火水木金土日"


def kakaotalk_windows(rows: Rows, path: Path) -> None:
    """KakaoTalk for Windows: CRLF everywhere."""
    with path.open("w", encoding="utf-8", newline="\r\n") as file:
        file.write("모임 님과 카카오톡 대화\n저장한 날짜 : 2026-11-03 10:44:52\n\n")
        for day, said in groupby(rows, _korean_day):
            file.write(f"--------------- {day} ---------------\n")
            for sent_at, sender, text in said:
                file.write(f"[{sender}] [{_korean_clock(sent_at)}] {text}\n")


def kakaotalk_android(rows: Rows, path: Path) -> None:
    """KakaoTalk for Android: a record ends with CRLF, a line inside it with LF."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("모임 님과 카카오톡 대화\r\n저장한 날짜 : 2026년 11월 3일 오전 10:44\n")
        today = ""
        for sent_at, sender, text in rows:
            day = _korean_date(sent_at)
            stamp = f"{day} {_korean_clock(sent_at)}"
            if day != today:
                today = day
                file.write(f"\r\n{stamp}\r\n")
            file.write(f"{stamp}, {sender} : {text}\r\n")


def kakaotalk_ios(rows: Rows, path: Path) -> None:
    """KakaoTalk for iOS: CRLF and LF as on Android."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Talk_2026.11.3 10:44-1.txt\r\n저장한 날짜 : 2026. 11. 3. 오전 10:44\r\n\r\n\r\n")
        for day, said in groupby(rows, _korean_day):
            file.write(f"\r\n{day}\r\n")
            for at, sender, text in said:
                file.write(f"{at.year}. {at.month}. {at.day}. {_korean_clock(at)}, {sender} : {text}\r\n")


def line(rows: Rows, path: Path) -> None:
    """LINE for phones: LF, and a text of several lines in quotation marks."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[LINE] 모임とのトーク履歴\n保存日時：2026/11/03 10:44\n")
        for day, said in groupby(rows, lambda row: row[0].date()):
            file.write(f"\n{day:%Y/%m/%d}({_JAPANESE_WEEKDAYS[day.weekday()]})\n")
            for sent_at, sender, text in said:
                file.write(f"{sent_at:%H:%M}\t{sender}\t" + (f'"{text}"\n' if "\n" in text else f"{text}\n"))


def line_spaced(rows: Rows, path: Path) -> None:
    """LINE for computers: spaces in the place of tabs."""
    with path.open("w", encoding="utf-8") as file:
        for day, said in groupby(rows, lambda row: row[0].date()):
            file.write(f"{day:%Y.%m.%d %A}\n")
            for sent_at, sender, text in said:
                file.write(f"{sent_at:%H:%M} {sender} {text}\n")


def whatsapp(rows: Rows, path: Path) -> None:
    """WhatsApp on an iPhone."""
    with path.open("w", encoding="utf-8") as file:
        for sent_at, sender, text in rows:
            file.write(f"[{sent_at:%d/%m/%Y, %H:%M:%S}] {sender}: {text}\n")


def telegram(rows: Rows, path: Path) -> None:
    """Telegram's desktop app: a line for every field, and a text twice."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{\n "name": "chat",\n "type": "personal_chat",\n "id": 1,\n "messages": [')
        for number, (sent_at, sender, text) in enumerate(rows):
            message: dict[str, Any] = {
                "id": number,
                "type": "message",
                "date": sent_at.isoformat(),
                "date_unixtime": str(int(sent_at.timestamp())),
                "from": sender,
                "from_id": f"user{sum(map(ord, sender))}",
                "text": text,
                "text_entities": [{"type": "plain", "text": text}],
            }
            lines = json.dumps(message, ensure_ascii=False, indent=1).replace("\n", "\n  ")
            file.write(f"{',' if number else ''}\n  {lines}")
        file.write("\n ]\n}")


# The file's name, and who writes it; the source is KakaoTalk's CSV itself.
FORMATS: dict[str, tuple[str, Callable[[Rows, Path], None] | None]] = {
    "kakaotalk-csv": ("source.csv", None),
    "kakaotalk-windows": ("KakaoTalk_20261103_1044_52_123_group.txt", kakaotalk_windows),
    "kakaotalk-android": ("KakaoTalkChats.txt", kakaotalk_android),
    "kakaotalk-ios": ("Talk_2026.11.3 10_44-1.txt", kakaotalk_ios),
    "line": ("[LINE] 모임.txt", line),
    "line-spaced": ("[LINE]모임.txt", line_spaced),
    "whatsapp": ("_chat.txt", whatsapp),
    "telegram": ("result.json", telegram),
}


def _korean_date(sent_at: datetime) -> str:
    return f"{sent_at.year}년 {sent_at.month}월 {sent_at.day}일"


def _korean_day(row: tuple[datetime, str, str]) -> str:
    return f"{_korean_date(row[0])} {_WEEKDAYS[row[0].weekday()]}요일"


def _korean_clock(sent_at: datetime) -> str:
    hour = sent_at.hour % 12 or 12
    return f"{'오전' if sent_at.hour < 12 else '오후'} {hour}:{sent_at.minute:02}"
