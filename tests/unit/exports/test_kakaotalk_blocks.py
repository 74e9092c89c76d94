"""However many of a text's lines are read at once, its messages are the same."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from maltu.errors import UnreadableExport
from maltu.exports.kakaotalk_order import Order
from tests.unit.exports.kakaotalk import (
    ANDROID_STAMPS,
    IOS_STAMPS,
    WINDOWS_CLOCKS,
    Said,
    android_of,
    ios_of,
    windows_of,
)
from tests.unit.exports.mutations import with_other_lines
from tests.unit.exports.opening import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.exports import Message

NOON = datetime.fromisoformat("2022-12-17 12:00")
NAMES = ("하준", "서연", "서연\u200b", "가람 [분석]", "a:b", "Json : 개발", "")
TEXTS = (
    *("하이", "", "사진", "메시지가 삭제되었습니다.", "하준님이 나갔습니다.", "왜 : 냐면", "끝\r", "\n"),
    *("하이\n[Csv] [오후 1:55] 인용", "하이\n하준님이 나갔습니다.\n응", "봐\n[하준] [오전 0:01] 인용"),
    *("봐\n2022년 12월 17일 오후 1:55, Csv : 인용", "봐\r\n2022. 12. 17. 오후 1:55, Csv : 인용"),
    *("봐\n\n2022년 12월 18일 일요일", "봐\n--------------- 2022년 12월 1일 목요일 ---------------"),
    "봐\r\nTalk_2026.11.3 11:29-1.txt\r\n저장한 날짜 : 2026. 11. 3. 오전 11:29",
)
WRITERS: dict[str, Callable[[list[Said], random.Random], str]] = {
    "android": lambda said, chance: android_of(said, form=chance.choice(list(ANDROID_STAMPS))),
    "ios": lambda said, chance: ios_of(said, form=chance.choice(list(IOS_STAMPS))),
    "windows": lambda said, chance: windows_of(said, clock=chance.choice(list(WINDOWS_CLOCKS.values()))),
}


def a_file(writer: str, chance: random.Random) -> str:
    """Some records, one after the other as they should be or not, and what happens to lines."""
    at, said = NOON, list[Said]()
    for _ in range(40):
        at += timedelta(minutes=chance.choice([0, 1, 1, 700, -1 if chance.random() < 0.1 else 5]))
        text = chance.choice(TEXTS) if chance.random() < 0.4 else "응 그래"
        said.append((at, chance.choice(NAMES), text))
    text = WRITERS[writer](said, chance)
    match chance.randrange(4):
        case 0:
            return with_other_lines(text, chance)
        case 1:
            return text.replace("\r\n", "\n")
        case _:
            return text


def read(content: str) -> tuple[list[Message], dict[str, int], dict[str, int]] | str:
    try:
        reading = opened(content)
        return list(reading), dict(reading.skipped), dict(reading.doubtful)
    except UnreadableExport as error:
        return str(error)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("seed", range(20))
def test_many_lines_at_once_are_read_as_one_by_one(
    writer: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = a_file(writer, random.Random(f"{writer} {seed}"))  # noqa: S311 - a test's
    whole = read(content)
    for size in (500, 1):
        monkeypatch.setattr("maltu.exports.text_lines._BYTES_AT_ONCE", size)

        assert read(content) == whole

    monkeypatch.setattr(Order, "records", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert read(content) == whole


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_usual_is_read_many_lines_at_once(writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Said] = [(NOON + timedelta(minutes=9 * at), "하준", "응 그래") for at in range(2000)]
    content = WRITERS[writer](said, random.Random(0))  # noqa: S311 - a test's
    monkeypatch.delattr(Order, "record")

    batches = list(opened(content).columns())

    assert sum(len(batch.texts) for batch in batches) == len(said)
    assert len(batches) < len(said) / 100
