"""Exports that tests drop: two people who answer each other, in KakaoTalk's CSV."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

ASKED = (
    "밥 먹었어?",
    "지금 뭐해~",
    "내일 시간 돼?",
    "두부는 어때?",
    "비 온대!",
    "퇴근했어?",
    "주말에 뭐 할 거야?",
    "나 배고파 ㅠㅠ",
)
ANSWERED = (
    "ㅇㅇ 먹음\n라면",
    "누워있음 ㅋㅋ",
    "ㄴㄴ 야근",
    "자는중\n코곪",
    "헐\n우산 없는데",
    "아직",
    "달리기",
    "ㄱㄱ",
)
# Exports know no time zone.
START = datetime.fromisoformat("2026-09-01 12:00:00")


def export(
    conversations: int = 12, *, persona: str = "하준", other: str = "서연", start: datetime = START
) -> str:
    """Conversations of four turns, a day apart; every answer of the persona is two bubbles or one."""
    rows: list[tuple[str, str, str]] = []
    for day in range(conversations):
        at = start + timedelta(days=day)
        for turn in range(2):
            index = (day * 2 + turn) % len(ASKED)
            at += timedelta(minutes=3)
            rows.append((str(at), other, ASKED[index]))
            for line in ANSWERED[index].split("\n"):
                at += timedelta(seconds=4)
                rows.append((str(at), persona, line))
    return as_csv(rows)


def as_csv(rows: list[tuple[str, str, str]]) -> str:
    """Rows as KakaoTalk's Mac app writes them."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    text.write("Date,User,Message\n")
    for sent_at, user, message in rows:
        text.write(f"{sent_at},")
        writer.writerow((user, message))
    return text.getvalue()
