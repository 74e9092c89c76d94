"""Writes exports the way KakaoTalk for macOS does."""

from __future__ import annotations

import io
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
