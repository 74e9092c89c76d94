"""Many lines of LINE's at once hold what they hold one by one."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from unittest.mock import create_autospec, patch

import pytest

from maltu.exports.line_blocks import Messages
from maltu.exports.line_records import Records
from tests.unit.exports.opening import messages, opened
from tests.unit.exports.test_line import DATE, HEAD, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.exports import Message

DATES: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%Y.%m.%d} {'월화수목금토일'[at.weekday()]}요일",
    lambda at: f"{at:%a, %m/%d/%Y}",
    lambda at: f"{at:%Y/%m/%d}({'月火水木金土日'[at.weekday()]})",
)
CLOCKS: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at:%H:%M}",
    lambda at: f"{at:%I:%M %p}",
    lambda at: f"{'오후' if at.hour > 11 else '오전'} {at:%I:%M}",
    lambda at: f"{at.hour if at.hour > 5 else at.hour + 24:02}:{at:%M}",
)
BODIES = (
    *("하이", "", "1. 하나", "a\r", "a\tb", '"x', '"', '"a"', " 앞뒤 ", "2022.03.18", "[LINE] x", "\u2028"),
    *('""何"" と', "[사진]", "[写真] 見て", "Ann unsent a message.", "취소했습니다"),
)
ODD = ("메모\n", "30:00\tAnn\tx\n", "12:99\tAnn\tx\n", "\n\n", "x\ty\n", "14:56\t花子が参加しました\n")


def a_chat(seed: int, between: str) -> str:
    """Some 200 messages of either form, with quotation marks, empty lines and what should not be there."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    date, clock = chance.choice(DATES), chance.choice(CLOCKS)
    at, day, odd = datetime.fromisoformat("2022-03-18 14:56"), None, chance.choice([0, 0.01, 0.1])
    written = [HEAD]
    for _ in range(200):
        at += timedelta(minutes=chance.choice([0, 1, 30, 700, 2000]))
        if day != (day := at.date()):
            written.append(chance.choice(["\n", "\n", ""]) + date(at) + "\n")
        text = chance.choice(BODIES if chance.random() < 0.4 else ("하이", "응"))
        if chance.random() < 0.2:
            text += "\n" + chance.choice(BODIES)
            if chance.random() < 0.7:
                text = '"' + text.replace('"', '""') + '"'
        gap = "" if chance.random() < odd else chance.choice(["Ann\t", "홍길동\t", "홍길동\u200e\t"])
        written.append(f"{clock(at)}\t{gap}{text}\n")
        if chance.random() < odd:
            written.append(chance.choice(ODD))
    return "".join(written).replace("\t", between).replace("\n", chance.choice(["\n", "\n", "\r\n"]))


@pytest.mark.parametrize("between", ["\t", " "])
@pytest.mark.parametrize("seed", range(24))
def test_many_lines_at_once_are_read_as_one_by_one(
    seed: int, between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = a_chat(seed, between)
    monkeypatch.setattr("maltu.exports.source.BLOCK_BYTES", 800)
    at_once = opened(content)
    read = list(at_once)
    monkeypatch.setattr(Messages, "_take_at_once", create_autospec(Messages.take, return_value=None))

    one_by_one = opened(content)

    assert read == list(one_by_one)
    assert (at_once.skipped, at_once.doubtful) == (one_by_one.skipped, one_by_one.doubtful)


def read_at_once(lines: str, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Read lines in blocks of which only the first one is read line by line."""
    monkeypatch.setattr("maltu.exports.source.BLOCK_BYTES", 1024)
    first = HEAD + DATE + "14:56\tAnn\tx\n" * 80
    with patch.object(Records, "take", autospec=True, side_effect=Records.take) as take:
        read = messages(first + lines)
    assert take.call_count < 90
    return read[80:]


def test_what_is_usual_is_read_many_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    on = DATES[-1]
    days = [datetime.fromisoformat("2022-03-18") + timedelta(days) for days in range(1, 82)]
    lines = "".join(
        f'14:56\tAnn\t"두\n줄"\n15:01\tBob\t하이\n\n{on(one)}\n0:01\tAnn\tやあ\n\n{on(other)}\n'
        for one, other in zip(days[::2], days[1::2], strict=False)
    )

    read = read_at_once(f"{lines}1:00\tBob\t끝\n", monkeypatch)

    assert [message.text for message in read] == ["두\n줄", "하이", "やあ"] * 40 + ["끝"]
    assert read[-1].sent_at == datetime.fromisoformat("2022-06-06 01:00")


def test_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"14:56\tAnn\t{text}\n" for text, _ in KINDS)

    read = read_at_once(lines * 4, monkeypatch)

    assert [(message.text, message.kind) for message in read] == KINDS * 4


def test_a_date_pasted_at_a_blocks_end_is_part_of_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("maltu.exports.text_lines._BYTES_AT_ONCE", 16)
    pasted = '15:00\tAnn\t"어제\n2022.03.17 Thursday\n15:10\tBob\t네\n끝"\n'

    read = messages(HEAD + DATE + pasted + "15:20\tBob\t응\n")

    assert [message.text for message in read] == ["어제\n2022.03.17 Thursday\n15:10\tBob\t네\n끝", "응"]
