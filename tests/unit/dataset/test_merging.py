from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.dataset import merge_exports
from tests.unit.dataset.chats import SPEAKER, chat, chats

if TYPE_CHECKING:
    from maltu.exports import Message

SECOND = 1 / 60


def by_the_minute(messages: list[Message]) -> list[Message]:
    """As a phone exports the same messages."""
    return [m._replace(sent_at=m.sent_at.replace(second=0, microsecond=0)) for m in messages]


def merged(*exports: list[Message], cuts_at: int | None = None) -> tuple[list[Message], int]:
    told_twice: Counter[str] = Counter()
    made = list(merge_exports(exports, told_twice=told_twice, cuts_at=cuts_at))
    return made, told_twice.total()


def texts(*exports: list[Message], cuts_at: int | None = None) -> list[str]:
    return [message.text for message in merged(*exports, cuts_at=cuts_at)[0]]


@pytest.mark.parametrize("first", ["mac", "phone"])
def test_a_phones_minutes_and_a_macs_seconds_are_the_same_messages(first: str) -> None:
    mac = chat(
        (0, "Json", "하이"), (SECOND, SPEAKER, "왜"), (2 * SECOND, "Json", "그냥"), (5, SPEAKER, "ㅋㅋ")
    )
    phone = by_the_minute(mac)

    assert merged(*((mac, phone) if first == "mac" else (phone, mac))) == (mac, 4)


def test_what_was_said_twice_in_a_minute_stays_twice_and_not_four_times() -> None:
    mac = chat((0, SPEAKER, "ㅋㅋ"), (SECOND, SPEAKER, "ㅋㅋ"), (2 * SECOND, "Json", "ㅋㅋ"))

    assert merged(mac, by_the_minute(mac)) == (mac, 3)


def test_the_same_words_of_somebody_else_or_of_another_minute_are_another_message() -> None:
    assert texts(chat((0, SPEAKER, "ㅇㅇ")), chat((0, "Json", "ㅇㅇ"))) == ["ㅇㅇ", "ㅇㅇ"]
    assert texts(chat((0, SPEAKER, "ㅇㅇ")), chat((1, SPEAKER, "ㅇㅇ"))) == ["ㅇㅇ", "ㅇㅇ"]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([1, 9, 2], [1, 9, 2, 3]),
        ([9, 1, 2, 3], [9, 1, 2, 3]),
        ([1, 2, 3, 9], [1, 2, 3, 9]),
        ([9, 2], [1, 9, 2, 3]),
        ([9], [1, 2, 3, 9]),
    ],
)
def test_what_only_one_export_has_keeps_its_place(other: list[int], expected: list[int]) -> None:
    mac = chat(*((number * SECOND, SPEAKER, str(number)) for number in (1, 2, 3)))
    phone = chat(*((0, SPEAKER, str(number)) for number in other))

    assert texts(mac, phone) == [str(number) for number in expected]


def test_a_whole_text_takes_the_place_of_one_that_the_phone_cut() -> None:
    long = "가나다라마" * 200
    phone = chat((0, SPEAKER, long[:500]), (1, SPEAKER, "끝"))
    mac = chat((5 * SECOND, SPEAKER, long), (1, SPEAKER, "끝"))

    assert texts(phone, mac, cuts_at=500) == [long, "끝"]
    assert texts(phone, phone, cuts_at=500) == [long[:500], "끝"]


def test_line_breaks_and_placeholders_differ_between_devices() -> None:
    mac = chat((0, SPEAKER, "첫\n둘"), (1, "Json", "사진", "media"))
    windows = chat((0, SPEAKER, "첫\r\n둘 "), (1, "Json", "<사진>", "media"))

    assert len(merged(mac, windows)[0]) == 2


def test_a_name_of_one_export_is_a_name_of_all() -> None:
    made = merge_exports(
        [chat((0, SPEAKER, "하이")), chat((0, "회원님", "하이"), (1, "회원님", "왜"))],
        names=[{}, {"회원님": SPEAKER}],
        told_twice=Counter(),
    )

    assert [(message.sender, message.text) for message in made] == [(SPEAKER, "하이"), (SPEAKER, "왜")]


def test_parts_follow_each_other_whatever_their_order() -> None:
    first, second = chat((0, SPEAKER, "1"), (1, SPEAKER, "2")), chat((100, SPEAKER, "3"))

    assert texts(second, first) == ["1", "2", "3"]


def test_no_more_than_a_minute_is_read_ahead() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        for message in chat(*((minute, SPEAKER, str(minute)) for minute in range(1000))):
            taken += 1
            yield message

    stream = merge_exports([endless(), endless()], told_twice=Counter())  # pyright: ignore[reportArgumentType] - it yields messages
    for _ in range(10):
        next(stream)

    assert taken < 2 * 15


@given(chats(min_size=2), st.data())
def test_overlapping_exports_of_a_chat_give_the_chat(messages: list[Message], data: st.DataObject) -> None:
    in_order = sorted(
        (m._replace(text=f"{m.text}|{n}", kind="text") for n, m in enumerate(messages)),
        key=lambda m: m.sent_at,
    )
    chosen = [m._replace(sent_at=m.sent_at + timedelta(seconds=n % 7)) for n, m in enumerate(in_order)]
    chosen.sort(key=lambda m: m.sent_at)
    end = data.draw(st.integers(1, len(chosen)))
    start = data.draw(st.integers(0, end - 1))
    older, newer = chosen[:end], by_the_minute(chosen[start:])

    made, told_twice = merged(*((older, newer) if data.draw(st.booleans()) else (newer, older)))

    assert [message.text for message in made] == [message.text for message in chosen]
    assert told_twice == end - start
