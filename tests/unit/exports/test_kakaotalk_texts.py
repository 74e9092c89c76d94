"""What the three text exports have in common: what was written is read, in every form."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports.kakaotalk_kinds import is_notice
from maltu.exports.names import name_key
from tests.unit.exports.kakaotalk import (
    ANDROID_HEADER,
    ANDROID_STAMPS,
    IOS_HEADER,
    IOS_STAMPS,
    WINDOWS_CLOCKS,
    Said,
    android_of,
    english_rule,
    ios_of,
    korean_rule,
    opened,
    said_in,
    windows_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime.fromisoformat("2022-12-17 13:55")
RECORDS = (
    "[Csv] [오후 1:55] 인용",
    "2022년 12월 17일 오후 1:55, Csv : 인용",
    "2022년 12월 17일 오후 1:55",
    "2022. 12. 17. 오후 1:55, Csv : 인용",
    "2022. 12. 17. 오후 1:55: Csv님이 나갔습니다.",
    "2022년 12월 17일 토요일",
    "오후 1:55, Csv : 인용",
)
LINES = (
    "",
    " ",
    "ㅋㅋ",
    "Day 1 : 시작",
    "[오후 1:55]",
    "[a] [b] c",
    "오후 6:00, 강남",
    "NA",
    "-----",
    "끝\t ",
    "👨‍👩‍👧",
)

names = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\ufeff"), min_size=1, max_size=20
) | st.sampled_from(["홍길동", "가람 [분석]", "a, b", "[", "] [", "(알 수 없음)", "회원님"])
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=40)
minutes = st.integers(0, 3000).map(lambda minutes: timedelta(minutes=minutes))
lines = texts | st.sampled_from(LINES)
# After a bare LF a record is quoted, on Android and iOS.
mobile_texts = st.lists(lines | st.sampled_from(RECORDS), min_size=1, max_size=4).map("\n".join)
windows_texts = (
    st.lists(lines, min_size=1, max_size=4)
    .map("\n".join)
    .filter(lambda text: text == text.rstrip("\n") and not any(map(is_notice, text.split("\n"))))
)


def chats(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[Said]]:
    steps = st.lists(st.tuples(minutes, names, texts), min_size=1, max_size=8)
    return steps.map(dated)


def dated(steps: list[tuple[timedelta, str, str]]) -> list[Said]:
    said: list[Said] = []
    now = AT
    for step, name, text in steps:
        now += step
        said.append((now, name, text))
    return said


def seen(said: list[Said]) -> list[Said]:
    """What is to be read: one spelling a person."""
    return [(at, name_key(name), text) for at, name, text in said]


def may_end_a_name(said: list[Said]) -> bool:
    return any(" : " in name or name.endswith(" :") for _, name, _ in said) or (
        sum(" : " in text for *_, text in said) > 2
    )


@given(chats(windows_texts), st.sampled_from([*WINDOWS_CLOCKS]), st.sampled_from(["ko", "en", ""]))
def test_windows(said: list[Said], clock: str, language: str) -> None:
    rule = english_rule if language == "en" else korean_rule
    written = windows_of(said, clock=WINDOWS_CLOCKS[clock], rule=rule, header=language)

    assert seen(said_in(written)) == seen(said)


@given(chats(mobile_texts), st.sampled_from([*ANDROID_STAMPS]))
def test_android(said: list[Said], form: str) -> None:
    assume(not may_end_a_name(said))

    assert seen(said_in(android_of(said, form=form))) == seen(said)


@given(chats(mobile_texts), st.sampled_from([*IOS_STAMPS]))
def test_ios(said: list[Said], form: str) -> None:
    assume(not may_end_a_name(said))

    assert seen(said_in(ios_of(said, form=form))) == seen(said)


CHAT: list[Said] = [
    (datetime.fromisoformat("2022-12-17 00:05"), "홍길동", "하이"),
    (datetime.fromisoformat("2022-12-17 12:00"), "Json", "  앞뒤 "),
    (datetime.fromisoformat("2022-12-17 12:59"), "홍길동", "첫 줄\n\n둘째 줄"),
    (datetime.fromisoformat("2022-12-18 13:00"), "가람 [분석], 팀", "https://example.com/?a=1 : 봐"),
    (datetime.fromisoformat("2022-12-18 23:59"), "Json", ""),
]
WRITTEN = {
    **{
        f"windows, {clock}, {rule(AT)}, {header or 'no header'}": windows_of(
            CHAT, clock=stamp, rule=rule, header=header
        )
        for clock, stamp in WINDOWS_CLOCKS.items()
        for rule in (korean_rule, english_rule)
        for header in ("ko", "en", "")
    },
    **{f"android, {form}": android_of(CHAT, form=form) for form in ANDROID_STAMPS},
    **{f"ios, {form}": ios_of(CHAT, form=form) for form in IOS_STAMPS},
}


CHANGES: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "LF": lambda text: text.replace("\r\n", "\n").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-be"),
    "CP949": lambda text: text.replace("\u202f", " ").encode("cp949"),
    "no line end at the end": lambda text: text.removesuffix("\r\n").encode(),
    "empty lines at the end": lambda text: (text + "\r\n\r\n").encode(),
}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("change", CHANGES)
def test_every_form(form: str, change: str) -> None:
    reading = opened(CHANGES[change](WRITTEN[form]), name="talk.txt")

    assert [(sent_at, sender, text) for sent_at, sender, text, _ in reading] == CHAT
    assert reading.format == f"kakaotalk-{form.partition(',')[0]}"
    assert reading.cuts_at == (None if "windows" in form else 500)
    assert not reading.skipped
    assert not reading.doubtful


@pytest.mark.parametrize("form", WRITTEN)
def test_a_file_without_a_header(form: str) -> None:
    for header in (ANDROID_HEADER, IOS_HEADER):
        if WRITTEN[form].startswith(header):
            assert said_in(WRITTEN[form].removeprefix(header)) == CHAT


def test_the_noon_and_the_midnight_of_both_clocks() -> None:
    for content in WRITTEN.values():
        assert [f"{sent_at:%H:%M}" for sent_at, *_ in said_in(content)[:3]] == ["00:05", "12:00", "12:59"]


@given(
    st.lists(
        st.sampled_from(
            [
                *RECORDS,
                *(
                    "홍길동 님과 카카오톡 대화",
                    "저장한 날짜 : 2026-11-03 10:44:52",
                    "하이",
                    "사진",
                    "[a]",
                    " : ",
                ),
                *("\n", "\r\n", "\r", "---------------", "2022년 13월 40일 오후 1:55, a : b"),
                "--------------- 2022년 12월 17일 토요일 ---------------",
            ]
        ),
        max_size=30,
    ).map("".join),
    st.sampled_from([windows_of(CHAT), android_of(CHAT), ios_of(CHAT), ios_of(CHAT, form="오전 9:37"), ""]),
)
@settings(max_examples=300)
def test_whatever_follows_is_read_or_counted_or_refused(tail: str, start: str) -> None:
    try:
        read = list(opened(start + tail, name="talk.txt"))
    except UnreadableExport:
        assert not start
        return
    if start:
        assert [text for *_, text, _ in read][: len(CHAT) - 1] == [text for *_, text in CHAT][:-1]


RECORDS_OF_ANDROID = (
    "2022년 12월 17일 오후 1:55, Csv : 왜",
    "2022년 12월 17일 오후 1:55, Csv님이 나갔습니다.",
    "2022년 13월 40일 오후 1:55, Csv : 왜",
    "2022년 12월 17일 오후 1:99, Csv : 왜",
)
RECORDS_OF_IOS = (
    "2022. 12. 17. 오후 1:55, Csv : 왜",
    "2022. 12. 17. 오후 1:55: Csv님이 나갔습니다.",
    "2022. 13. 40. 13:55, Csv : 왜",
)
RECORDS_OF_WINDOWS = (
    "[Csv] [오후 1:55] 왜",
    "[Csv] [25:00] 왜",
    "[] [오후 1:55] 시스템 알림",
    "Csv님이 나갔습니다.",
)
NO_RECORDS = (
    "",
    "둘째 줄",
    "2022년 12월 17일 토요일",
    "2022년 12월 17일 오후 1:55",
    "---------------",
    "[a] 1:55",
)


@pytest.mark.parametrize("records", [RECORDS_OF_ANDROID, RECORDS_OF_IOS, RECORDS_OF_WINDOWS])
@given(data=st.data())
def test_messages_and_what_was_skipped_make_up_the_records(
    records: tuple[str, ...], data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.sampled_from([*records, *NO_RECORDS]), max_size=20))
    above = (
        ["--------------- 2022년 12월 17일 토요일 ---------------"] if records is RECORDS_OF_WINDOWS else []
    )

    reading = opened("\r\n".join([*above, records[0], *drawn]))

    assert len(list(reading)) + reading.skipped.total() == 1 + sum(line in records for line in drawn)


@given(st.binary(max_size=200), st.sampled_from([windows_of(CHAT), android_of(CHAT), ios_of(CHAT), ""]))
def test_arbitrary_bytes_are_read_or_refused(raw: bytes, start: str) -> None:
    try:
        list(opened(start.encode() + raw, name="talk.txt"))
    except UnreadableExport:
        return


@pytest.mark.parametrize("content", [windows_of(CHAT), android_of(CHAT), ios_of(CHAT)])
def test_what_cannot_be_decoded_is_located(content: str) -> None:
    good = (content * 400).encode()
    assert len(good) > 100_000
    lines = good.count(b"\n")

    with pytest.raises(UnreadableExport, match=rf"Byte {len(good)} \(line {lines + 1}\) is not UTF-8"):
        list(opened(good + b"\xff\n"))


@pytest.mark.parametrize("content", [windows_of(CHAT), android_of(CHAT), ios_of(CHAT)])
@pytest.mark.parametrize("endless", ["x", "x\n", "\n"])
def test_a_message_without_end_is_given_up(content: str, endless: str) -> None:
    with pytest.raises(UnreadableExport, match="does not end within"):
        list(opened(content.encode() + endless.encode() * (9 * 1024 * 1024 // len(endless))))


@pytest.mark.parametrize("word", ["사진", "동영상 3개", "삭제된 메시지입니다."])
def test_kinds_are_told_in_every_form(word: str) -> None:
    said: list[Said] = [
        (AT, "홍길동", word),
        (AT, "홍길동", f"{word} 봐"),
        (AT, "홍길동", "홍길동님이 나갔습니다."),
    ]

    for content in (windows_of(said), android_of(said), ios_of(said)):
        kinds = [message.kind for message in opened(content)]
        assert kinds == ["deleted" if "삭제" in word else "media", "text", "text"]


def test_pictures_that_were_sent_together_are_one_message() -> None:
    pictures = "\r\n".join(f"{n:064x}.jpg" for n in range(3))

    for content in (
        android_of([(AT, "홍길동", pictures)]),
        windows_of([(AT, "홍길동", pictures.replace("\r", ""))]),
    ):
        assert [message.kind for message in opened(content)] == ["media"]
