"""Exports of every format, and what may happen to them on their way: to their bytes, lines and encoding.

Everything is drawn from a ``random.Random``, so that a round's number brings its file back.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.unit.exports import test_discord, test_instagram, test_telegram
from tests.unit.exports.kakaotalk import IOS_STAMPS, android_of, csv_of, ios_of, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

RECORDS = 24
MARKER = "말{:03}번"
_START = datetime.fromisoformat("2022-03-18 11:50")
_NAMES = ("홍길동", "Ann : Lee", "가람 [분석]", "花子\u200e")
_TEXTS = (
    "하이",
    "두 줄\n둘째 줄",
    '"인용" 하고, 쉼표; 탭\t끝',
    "[홍길동] [오후 1:55] 붙여넣기",
    "사진",
    "ㅋㅋㅋㅋ 😂 \u202e뒤집힌",
    "https://example.com/?a=1&b=2",
    "2022. 3. 18. 오후 2:56, 홍길동 : 붙여넣기",
)
_TOKENS = (
    *('"', '""', "\r\n", "\n", "\r", "\t", ",", ";", ": ", " : ", "[", "]", "{", "}", "\\", "\\ud83d", "\0"),
    *("\ufeff", "\u200e", "\u202f", "\u2028", "\u0085", "오전 12:00", "오후 13:05", "24:59", "99:99", "0"),
    *(
        "2022-02-30 10:00:00",
        "9999. 12. 31. 오전 1:00, a : b",
        "--------------- 2022년 3월 18일 금요일 ---------------",
    ),
    *("18/03/2022, 14:56 - Ann: ", "[18/03/22, 14:56:01] Ann: ", "2022/03/18(金)", "Date,User,Message\n"),
    *(
        "저장한 날짜 : 2022-03-18 10:00:00",
        "메시지가 삭제되었습니다.",
        '"messages": [',
        "null",
        "1e999",
        "-1",
    ),
)
_BYTES = (b"\xff", b"\xfe", b"\xed\xa0\xbd", b"\xc3", b"\xb0\xa1", b"\0", b"\xef\xbb\xbf", b"PK\x03\x04")
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "cp1252", "euc-jp")


_ENCRYPTED = {"sender_name": "senderName", "timestamp_ms": "timestamp", "content": "text"}


def _said() -> list[tuple[datetime, str, str]]:
    """Give what is said in every seed: each text with a word of its own in its first line."""
    return [
        (
            _START + timedelta(minutes=7 * number, days=number // 9),
            _NAMES[number % 3],
            f"{MARKER.format(number)} {_TEXTS[number % len(_TEXTS)]}",
        )
        for number in range(RECORDS)
    ]


def _whatsapp(stamp: str, end: str) -> str:
    return "".join(f"{at:{stamp}}{name.replace(' : ', ' ')}: {text}{end}" for at, name, text in _said())


def _line(gap: str) -> str:
    written = ["[LINE] 花子とのトーク履歴\n保存日時：2026/08/21 11:59\n"]
    today = None
    for at, name, text in _said():
        if at.date() != today:
            today = at.date()
            written.append(f"\n{at:%Y/%m/%d}({'月火水木金土日'[at.weekday()]})\n")
        sender = name if gap == "\t" else name.replace(" ", "")
        written.append(f"{at:%H:%M}{gap}{sender}{gap}{text}\n")
    return "".join(written)


def _json(document: dict[str, object]) -> str:
    """Write a record a line, so that what happens to lines happens to records."""
    records = document.pop("messages")
    assert isinstance(records, list)
    rows = ",\n".join(json.dumps(record) for record in records)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - made in this module
    return json.dumps(document)[:-1] + ',\n"messages": [\n' + rows + "\n]}\n"


def _discord_csv() -> str:
    rows = [
        ("AuthorID", "Author", "Date", "Content", "Attachments", "Reactions"),
        *(
            (str(hash_of(name)), name, f"{at:%Y-%m-%dT%H:%M:%S}+09:00", text, "", "")
            for at, name, text in _said()
        ),
    ]
    return "".join(",".join('"' + field.replace('"', '""') + '"' for field in row) + "\r\n" for row in rows)


def hash_of(name: str) -> int:
    """Give a number that stays the same from run to run."""
    return sum(map(ord, name))


def _instagram(key: Callable[[str], str]) -> str:
    records = [
        test_instagram.record(
            text, sender_name=test_instagram.garbled(name), timestamp_ms=int(at.timestamp()) * 1000
        )
        for at, name, text in reversed(_said())
    ]
    return _json(
        {
            **test_instagram.thread_of(),
            "messages": [{key(name): value for name, value in record.items()} for record in records],
        }
    )


SEEDS: dict[str, str] = {
    "kakaotalk-csv": csv_of((f"{at:%Y-%m-%d %H:%M:%S}", name, text) for at, name, text in _said()),
    "kakaotalk-windows": windows_of(_said()),
    "kakaotalk-android": android_of(_said()),
    **{f"kakaotalk-ios, {form}": ios_of(_said(), form=form) for form in list(IOS_STAMPS)[:2]},
    "whatsapp, Android": _whatsapp("%d/%m/%Y, %H:%M - ", "\n"),
    "whatsapp, iOS": _whatsapp("[%m/%d/%y, %H:%M:%S] ", "\r\n"),
    "telegram": _json(
        test_telegram.chat_of(
            *(
                test_telegram.record(**{"date": at.isoformat(), "from": name, "from_id": name, "text": text})
                for at, name, text in _said()
            )
        )
    ),
    "discord-json": _json(
        test_discord.channel_of(
            *(
                test_discord.record(
                    timestamp=f"{at.isoformat()}+09:00", content=text, author={"id": name, "name": name}
                )
                for at, name, text in _said()
            )
        )
    ),
    "discord-csv": _discord_csv(),
    "instagram": _instagram(str),
    "instagram, encrypted": _instagram(lambda name: _ENCRYPTED.get(name, name)),
    "line": _line("\t"),
    "line, spaced": _line(" "),
}


def with_other_lines(text: str, random: Random) -> str:
    """Lose, repeat, move, join and insert lines; every one that is left stays whole, but for its end."""
    lines = text.splitlines(keepends=True)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(lines))
        match random.randrange(7):
            case 0 if len(lines) > 1:
                del lines[at : at + random.randint(1, 3)]
                lines = lines or ["\n"]
            case 1:
                lines.insert(random.randrange(len(lines) + 1), lines[at])
            case 2:
                lines.insert(random.randrange(len(lines)), lines.pop(at))
            case 3:
                other = random.choice(list(SEEDS.values())).splitlines(keepends=True)
                lines.insert(at, _without_markers(random.choice(other)))
            case 4:
                end = random.choice(["\n", "\r\n", "\n\n", "\r\n\r\n"])
                lines[at] = lines[at].rstrip("\r\n") + end
            case 5:
                lines.insert(at, random.choice(_TOKENS) + random.choice(["", "\n", "\r\n"]))
            case _:
                end = random.choice(["\n", "\r\n"])
                lines = [line.rstrip("\r\n") + end for line in lines]
    return "".join(lines)


def with_other_bytes(content: bytes, random: Random) -> bytes:
    """Flip, lose, repeat, move and insert bytes, and cut the file off."""
    raw = bytearray(content)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(raw) + 1)
        end = min(at + random.choice([1, 2, 3, 8, 64, 700]), len(raw))
        match random.randrange(8):
            case 0 if at < len(raw):
                raw[at] ^= 1 << random.randrange(8)
            case 1:
                del raw[at:end]
            case 2:
                raw[at:at] = raw[at:end]
            case 3:
                raw[at:at] = random.choice(_TOKENS).encode()
            case 4:
                raw[at:at] = random.choice(_BYTES)
            case 5:
                piece = raw[at:end]
                del raw[at:end]
                place = random.randrange(len(raw) + 1)
                raw[place:place] = piece
            case 6 if random.random() < 0.2:
                del raw[at:]
            case _:
                raw[at:end] = random.randbytes(end - at) if random.random() < 0.3 else raw[at:end].swapcase()
    return bytes(raw)


def encoded(text: str, random: Random) -> bytes:
    """Write the text in an encoding that exports, or editors, may have; what it lacks is replaced."""
    return text.encode(random.choice(_ENCODINGS), "replace")


def _without_markers(line: str) -> str:
    return line.replace("번", "반")
