from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports.whatsapp_dates import Stamp, stamp_of
from tests.unit.exports.opening import messages, opened, peak_bytes, piped, plain, read_or_refused

NOON = datetime.fromisoformat("2022-03-18 14:56:01")
MINUTE = NOON.replace(second=0)
MARK = "\u200e"
NARROW = "\u202f"


def texts(content: str) -> list[tuple[str, str, str]]:
    return [(message.sender, message.text, message.kind) for message in messages(content)]


@pytest.mark.parametrize(
    ("stamp", "sent_at"),
    [
        ("18/03/2022, 14:56 - ", MINUTE),
        ("18/03/22, 14:56 - ", MINUTE),
        ("18/3/2022 14:56 - ", MINUTE),
        ("3/18/22, 2:56 PM - ", MINUTE),
        (f"3/18/22, 2:56{NARROW}PM - ", MINUTE),
        ("18/03/22, 2:56 pm - ", MINUTE),
        ("18/03/2022, 2:56 p. m. - ", MINUTE),
        (f"18/3/2022, 2:56{NARROW}p.\u00a0m. - ", MINUTE),
        ("18.03.22, 14:56 - ", MINUTE),
        ("18.3.2022 klo 14.56 - ", MINUTE),
        ("18-3-2022 om 14:56 - ", MINUTE),
        ("18.03.2022 kl. 14.56 - ", MINUTE),
        ("18-03-2022 14:56 - ", MINUTE),
        ("2022-03-18 14:56 - ", MINUTE),
        ("2022/03/18, 14:56 - ", MINUTE),
        ("2022. 3. 18. 오후 2:56 - ", MINUTE),
        ("2022. 3. 18. 14:56 - ", MINUTE),
        ("2022/3/18 下午2:56 - ", MINUTE),
        ("18/3/2565 14:56 - ", MINUTE),
        ("3/18/R4, 14:56 - ", MINUTE),
        ("R4/03/18 午後2:56 - ", MINUTE),
        ("١٨/٠٣/٢٠٢٢, ١٤:٥٦ - ", MINUTE),
        ("\u200f18\u200f/3\u200f/2022, 2:56 م - ", MINUTE),
        ("[18/03/22, 14:56:01] ", NOON),
        ("[3/18/22, 2:56:01 PM] ", NOON),
        (f"[3/18/22, 2:56:01{NARROW}PM] ", NOON),
        (f"{MARK}[18.03.22, 14:56:01] ", NOON),
        ("[2022-03-18, 14:56:01] ", NOON),
        ("[2022. 3. 18. 오후 2:56:01] ", NOON),
        ("[18/03/22 14:56] ", MINUTE),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_stamps_of_all_regions(stamp: str, sent_at: datetime, end: str) -> None:
    content = f"{stamp}홍길동: 하이: 안녕{end}둘째 줄{end}{stamp}Ann Lee: ㅋㅋ"

    assert messages(content) == [
        (sent_at, "홍길동", "하이: 안녕\n둘째 줄", "text"),
        (sent_at, "Ann Lee", "ㅋㅋ", "text"),
    ]
    assert opened(content).format == "whatsapp"


@pytest.mark.parametrize(
    ("clock", "hour"),
    [
        *(("12:00 AM", 0), ("12:00 PM", 12), ("1:00 AM", 1), ("11:00 pm", 23), ("12:00 a. m.", 0)),
        *(("오전 12:00", 0), ("오후 12:00", 12), ("00:00 a. m.", 0), ("午前11:00", 11)),
    ],
)
def test_half_days(clock: str, hour: int) -> None:
    assert messages(f"2022-03-18, {clock} - Ann: x")[0].sent_at.hour == hour


def dated(*dates: str, clock: str = "14:56") -> str:
    return "".join(f"{date}, {clock} - Ann: x\n" for date in dates)


def days(content: str) -> list[str]:
    return [message.sent_at.date().isoformat() for message in messages(content)]


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        pytest.param(("03/04/22", "03/04/22", "13/04/22"), "2022-04-03", id="a day over 12 at the end"),
        pytest.param(
            ("03/04/22", "03/04/22", "04/13/22"), "2022-03-04", id="a day over 12 in the second place"
        ),
        pytest.param(
            ("11/03/22", "12/03/22", "01/04/22"), "2022-03-11", id="time runs backwards with months first"
        ),
        pytest.param(
            ("03/11/22", "03/12/22", "04/01/22"), "2022-03-11", id="time runs backwards with days first"
        ),
        pytest.param(("03/04/22", "04/04/22", "05/04/22"), "2022-04-03", id="three days, not three months"),
        pytest.param(("04/03/22", "04/04/22", "04/05/22"), "2022-04-03", id="three days, months first"),
        pytest.param(("20/03/21", "21/03/21", "22/03/21"), "2021-03-20", id="three days, not three years"),
        pytest.param(("21/03/30", "21/03/31", "21/04/01"), "2021-03-30", id="years of two digits first"),
        pytest.param(("05/05/22", "05/05/22"), "2022-05-05", id="the same day in every order"),
    ],
)
def test_the_whole_file_decides_the_order(dates: tuple[str, ...], first: str) -> None:
    reading = opened(dated(*dates))

    assert next(iter(reading)).sent_at.date().isoformat() == first
    assert not reading.doubtful


def test_one_pasted_line_does_not_turn_the_order_around() -> None:
    content = dated(*(f"{day:02}/04/22" for day in range(10, 25))) + "04/25/22, 14:56 - Ann: pasted\n"

    read = messages(content)

    assert {message.sent_at.month for message in read} == {4}
    assert read[-1].text == "x\n04/25/22, 14:56 - Ann: pasted"


@pytest.mark.parametrize(
    ("date", "clock", "expected"),
    [
        ("3/4/22", "1:55 PM", "2022-03-04"),
        ("3/4/22", "13:55", "2022-04-03"),
        ("03/04/22", "1:55 pm", "2022-04-03"),
        ("3.4.22", "1:55 PM", "2022-04-03"),
    ],
)
def test_an_order_that_nothing_tells_is_guessed_and_counted(date: str, clock: str, expected: str) -> None:
    reading = opened(dated(date, date, clock=clock))

    assert [message.sent_at.date().isoformat() for message in reading] == [expected] * 2
    assert reading.doubtful == {"day and month in a guessed order": 2}


def test_a_date_that_does_not_exist_starts_no_message() -> None:
    assert texts("18/03/2022, 14:56 - Ann: x\n31/02/2022, 14:56 - Ann: y\n18/03/2022, 25:56 - z: z\n") == [
        ("Ann", "x\n31/02/2022, 14:56 - Ann: y\n18/03/2022, 25:56 - z: z", "text")
    ]


def test_a_line_of_another_style_stays_in_its_message_and_is_counted() -> None:
    pasted = "[18/03/22, 14:56:01] Bob: 붙여넣기"
    reading = opened(f"18/03/2022, 14:56 - Ann: 이거 봐\n{pasted}\n18/03/2022, 14:57 - Bob: ㅋㅋ\n")

    assert [message.text for message in reading] == [f"이거 봐\n{pasted}", "ㅋㅋ"]
    assert reading.doubtful == {"like a message of another style": 1}


def test_behind_a_bare_line_feed_a_record_of_an_iphone_goes_on() -> None:
    header = "[18/03/22, 14:56:01] "
    reading = opened(
        f"{header}Ann: 이거 봐\n{header}Bob: 붙여넣기\r\n{header}Bob: ㅋㅋ\r\n{header}Ann: 응\r\n"
    )

    assert [message.text for message in reading] == [f"이거 봐\n{header}Bob: 붙여넣기", "ㅋㅋ", "응"]
    assert not reading.doubtful


def test_time_that_runs_backwards_is_counted() -> None:
    reading = opened("18/03/2022, 14:56 - Ann: x\n18/03/2022, 14:55 - Bob: y\n")

    assert len(list(reading)) == 2
    assert reading.doubtful == {"earlier than the message before": 1}


SYSTEM = [
    "Messages and calls are end-to-end encrypted. No one outside of this chat can read them.",
    'Ann created group "Plan"',
    'Ann changed the subject from "Plan: A" to "Plan: B"',
    "Ann changed the group name to “Plan: B”",
    "You were added",
    "홍길동님이 그룹을 만들었습니다",
]


@pytest.mark.parametrize("text", SYSTEM)
def test_without_a_name_whatsapp_speaks(text: str) -> None:
    assert texts(f"18/03/2022, 14:56 - {text}\n")[0] == ("", text, "system")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, "media") for text in ("<Media omitted>", "<미디어 파일 제외됨>", "<Multimedia omitido>")),
        *((text, "media") for text in ("IMG-20220318-WA0001.jpg (file attached)", "a b.pdf (파일 첨부됨)")),
        *(
            (text, "media")
            for text in ("location: https://maps.google.com/?q=1,2", "POLL:\n점심?\nOPTION: 김밥")
        ),
        *((text, "deleted") for text in ("This message was deleted", "You deleted this message")),
        *(
            (text, "deleted")
            for text in ("삭제된 메시지입니다", "삭제된 메시지입니다.", "이 메시지는 삭제되었습니다.")
        ),
        *(
            (text, "deleted")
            for text in (
                *("Se eliminó este mensaje", "Eliminaste este mensaje", "Diese Nachricht wurde gelöscht."),
                *("Du hast diese Nachricht gelöscht", "Mensagem apagada", "Você apagou esta mensagem"),
                *("Ce message a été supprimé", "Vous avez supprimé ce message"),
                *("Questo messaggio è stato eliminato", "Hai eliminato questo messaggio"),
                *(
                    "このメッセージは削除されました",
                    "회원님이 이 메시지를 삭제했습니다",
                    "메시지를 삭제했습니다",
                ),
            )
        ),
        *((text, "media") for text in ("Missed voice call", "부재중 영상통화", "live location shared")),
        *((text, "media") for text in ("Location: https://maps.google.com/?q=1", "Live location shared")),
        *((text, "media") for text in ("위치: https://maps.google.com/?q=1", "미디어.pdf (file attached)")),
        *((text, "system") for text in ("메시지와 통화는 종단간 암호화됩니다.",)),
        *(
            (text, "text")
            for text in ("Media omitted", "image omitted", "사진 생략", "영상통화", "Video call")
        ),
        *(
            (text, "text")
            for text in ("<Media omitted> 뭐야", "null", "NA", "None", "", "  앞뒤 ", "<b>: c.d")
        ),
        *((text, "text") for text in ("This message was deleted 뭐지", "삭제된 메시지입니다?")),
    ],
)
def test_kinds_on_android(text: str, kind: str) -> None:
    assert texts(f"18/03/2022, 14:56 - Ann: {text}\n")[0] == ("Ann", text, kind)


@pytest.mark.parametrize(
    ("text", "read", "kind"),
    [
        (f"{MARK}image omitted", "image omitted", "media"),
        ("image omitted", "image omitted", "media"),
        (f"{MARK}사진 생략됨", "사진 생략됨", "media"),
        (
            f"{MARK}<attached: 00000035-PHOTO-2022-03-18.jpg>",
            "<attached: 00000035-PHOTO-2022-03-18.jpg>",
            "media",
        ),
        (f"{MARK}Missed voice call", "Missed voice call", "media"),
        (
            f"보고서.pdf • {MARK}3 pages {MARK}document omitted",
            f"보고서.pdf • {MARK}3 pages {MARK}document omitted",
            "media",
        ),
        (f"{MARK}This message was deleted.", "This message was deleted.", "deleted"),
        (
            f"{MARK}Messages and calls are end-to-end encrypted.",
            "Messages and calls are end-to-end encrypted.",
            "system",
        ),
        (f"{MARK}Ann hat dich hinzugefügt", "Ann hat dich hinzugefügt", "system"),
        (f"여기 봐 {MARK}<attached: 1-PHOTO.jpg>", "여기 봐", "text"),
        (f"보고서.pdf 봐 {MARK}<attached: 1-보고서.pdf>", "보고서.pdf 봐", "text"),
        *(
            (f"{title} {MARK}<attached: 00000002-{name}>",) * 2 + ("media",)
            for title, name in (
                (f"보고서.pdf • {MARK}14 pages", "보고서.pdf"),
                ("Ann Lee.vcf", "Ann Lee.vcf"),
            )
        ),
        (f"{MARK}<attached: 1-PHOTO.jpg>\n여기 봐\n둘째", "여기 봐\n둘째", "text"),
        ("사진 생략", "사진 생략", "text"),
    ],
)
def test_kinds_on_iphones(text: str, read: str, kind: str) -> None:
    assert texts(f"[18/03/22, 14:56:01] Ann: {text}\r\n")[0] == ("Ann", read, kind)


def test_a_caption_is_what_its_sender_said() -> None:
    header = "18/03/2022, 14:56 - Ann: "

    assert texts(f"{header}{MARK}IMG-20220318-WA0001.jpg (file attached)\n여기 어때\n둘째\n{header}끝\n") == [
        ("Ann", "여기 어때\n둘째", "text"),
        ("Ann", "끝", "text"),
    ]
    assert texts(f"{header}<Media omitted>\n여기 어때\n") == [("Ann", "여기 어때", "text")]


@pytest.mark.parametrize(
    "mark", [" <This message was edited>", f" {MARK}<This message was edited>", f"{MARK}<Bearbeitet>"]
)
def test_the_mark_of_an_edited_message_is_not_its_senders(mark: str) -> None:
    assert texts(f"18/03/2022, 14:56 - Ann: 첫 줄\n고침{mark}\n") == [("Ann", "첫 줄\n고침", "text")]


def test_names() -> None:
    header = "18/03/2022, 14:56 - "
    content = "".join(
        f"{header}{name}: x\n"
        for name in (
            "홍길동 ",
            "홍\u200b길동",
            "\u202a+82 10-1234-5678\u202c",
            'Ann "A" Lee',
            "~\u202fAnn",
            "a:b",
        )
    )

    assert [message.sender for message in messages(content)] == [
        *("홍길동", "홍길동", "+82 10-1234-5678", 'Ann "A" Lee', "~\u202fAnn", "a:b"),
    ]


def test_without_a_space_behind_the_colon_only_a_known_name_is_one() -> None:
    header = "18/03/2022, 14:56 - "

    assert texts(f"{header}Ann: x\n{header}Ann:.\n{header}Ann:\n{header}Bob:y\n") == [
        *(("Ann", "x", "text"), ("Ann", ".", "text"), ("Ann", "", "text"), ("", "Bob:y", "system")),
    ]


def test_lines_above_the_first_message_are_counted() -> None:
    reading = opened("메모\n\n18/03/2022, 14:56 - Ann: x\n")

    assert len(list(reading)) == 1
    assert reading.skipped == {"no time at its start": 1}


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("WhatsApp Chat with Ann Lee.txt", "Ann Lee"),
        ("WhatsApp Chat - Ann Lee.zip", "Ann Lee"),
        ("WhatsApp Chat with Ann (2).txt", "Ann"),
        ("_chat.txt", None),
    ],
)
def test_the_file_is_named_after_the_room(name: str, room: str | None) -> None:
    assert opened("18/03/2022, 14:56 - Ann: x\n", name=name).room == room


def test_a_message_without_end_is_given_up() -> None:
    with pytest.raises(UnreadableExport, match="The message before line") as caught:
        messages("18/03/2022, 14:56 - Ann: 비밀\n" + ("비밀" * 500 + "\n") * 10_000)

    assert "비밀" not in str(caught.value)


lines = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=20), min_size=1, max_size=3
)
styles = st.sampled_from(
    [
        "{0:%d}/{0:%m}/{0:%Y}, {0:%H}:{0:%M} - ",
        "{0:%m}/{0:%d}/{0:%y}, {0:%I}:{0:%M}\u202f{0:%p} - ",
        "[{0:%d}.{0:%m}.{0:%y}, {0:%H}:{0:%M}:00] ",
        "{0.year}. {0.month}. {0.day}. {0:%H}:{0:%M} - ",
    ]
)


@given(st.lists(st.tuples(st.integers(1, 5000), plain, lines), min_size=1, max_size=8), styles)
@settings(max_examples=100)
def test_what_was_written_is_read_to_the_letter(rows: list[tuple[int, str, list[str]]], style: str) -> None:
    at = datetime.fromisoformat("2022-03-13 00:00")
    # A day over 12 in front, so that the order is told.
    written = [(at, "Ann", "x")]
    for minutes, name, said in rows:
        at += timedelta(minutes=minutes)
        written.append((at, name.replace(":", "") or "n", "말 " + "\n".join(said)))
    content = "".join(f"{style.format(at)}{name}: {text}\n" for at, name, text in written)

    read = messages(content)

    assert [(message.sent_at, message.text) for message in read] == [(at, text) for at, _, text in written]


fragments = st.lists(
    st.sampled_from(
        [
            *(
                "18/03/2022, 14:56 - ",
                "[18/03/22, 14:56:01] ",
                "3/4/22, 1:55 PM - ",
                "Ann: ",
                "Ann:",
                "\n",
                "\r\n",
            ),
            *(
                MARK,
                "\u200f",
                "\r",
                '"',
                "<Media omitted>",
                "<attached: a.b>",
                "하이",
                " ",
                "99/99/9999, 99:99 - ",
            ),
        ]
    ),
    max_size=30,
).map("".join)


@given(fragments)
@settings(max_examples=300)
def test_whatever_the_lines_are_they_are_read_or_refused(tail: str) -> None:
    head = "18/03/2022, 14:56 - Ann: x\n"
    reading = opened(head * 2 + tail)

    read = list(reading)

    assert len(read) + reading.skipped.total() >= 2
    read_or_refused(tail)


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refused(b"18/03/2022, 14:56 - Ann: x\n" + raw)


def test_memory_does_not_grow_with_the_file() -> None:
    message = f"18/03/2022, 14:56 - Ann: {'안녕' * 500}\n".encode()

    assert peak_bytes(message * 4000) < peak_bytes(message * 1000) + 100_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MARK * 500_000, id="marks"),
        pytest.param(f"\n{MARK * 500_000}", id="marks at a line's start"),
        pytest.param("a • " * 300_000, id="as before a document's size"),
        pytest.param(f"{MARK}<{': x' * 300_000}>", id="as before an attachment's name"),
        pytest.param("a.b (" * 200_000, id="as before a file's name"),
        pytest.param(f"{MARK}<a>" * 200_000, id="as an edited message's mark"),
    ],
)
@pytest.mark.parametrize("stamp", ["18/03/2022, 14:56 - ", "[18/03/22, 14:56:01] "])
def test_a_long_text_takes_no_longer_than_its_length(stamp: str, text: str) -> None:
    started = time.process_time()

    assert len(messages(f"{stamp}Ann: {text}\n{stamp}Bob: x\n")) == 2

    assert time.process_time() - started < 2


def test_discords_plain_text_is_no_whatsapp() -> None:
    rule = "=" * 62
    with pytest.raises(UnreadableExport, match="is DiscordChatExporter's plain text"):
        messages(f"{rule}\nGuild: x\nChannel: y\n{rule}\n\n[2022-03-18 14:56] Ann\nhi\n")


STAMPS = (
    "{0:%d/%m/%Y}, {0:%H:%M} - ",
    "[{0:%d/%m/%y}, {0:%H:%M:%S}] ",
    "{0.month}/{0.day}/{0:%y}, {0:%I:%M} {0:%p} - ",
    "{0.year}. {0.month}. {0.day}. 오후 {0:%I:%M} - ",
)
BODIES = (
    *("하이", "", "1. 하나", "a\r", "x: y", "Missed voice call", "<Media omitted>", f"{MARK}image omitted"),
    *("18/03/2022, 14:56 - Ann: quoted", "[18/03/22, 14:56:01] Ann: q", "99/99/9999, 99:99 - "),
)


def a_chat(seed: int) -> str:
    """Some 300 messages, with line breaks of both kinds, and times as they should not be."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    stamp, end = chance.choice(STAMPS), chance.choice(["\n", "\r\n"])
    sent_at, lines = NOON, ["above\n"] * chance.randrange(2)
    for _ in range(300):
        sent_at += timedelta(seconds=chance.choice([1, 60, 4000, 90_000, -5]))
        style = chance.choice(STAMPS) if chance.random() < 0.01 else stamp
        more = [
            chance.choice(["\n", "\r\n"]) + chance.choice(BODIES) for _ in range(chance.choice([0, 0, 2]))
        ]
        name = chance.choice(["Ann: ", "홍길동: ", f"{MARK}Bob: ", ""])
        body = chance.choice(BODIES[:-3])
        lines.append(style.format(sent_at) + name + body + "".join(more[: chance.choice([0, 0, 1, 2])]) + end)
    return "".join(lines)


@pytest.mark.parametrize("seed", range(24))
def test_many_lines_at_once_are_read_as_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = a_chat(seed)
    monkeypatch.setattr("maltu.exports.source.BLOCK_BYTES", 1024)
    monkeypatch.setattr("maltu.exports.text_lines._BYTES_AT_ONCE", 700)
    at_once = piped(content) if seed % 2 else opened(content)
    read = list(at_once)
    monkeypatch.setattr("maltu.exports.whatsapp_blocks._MOST_SHAPES", 0)

    one_by_one = opened(content)

    assert read == list(one_by_one)
    assert (at_once.skipped, at_once.doubtful) == (one_by_one.skipped, one_by_one.doubtful)


def test_what_is_usual_is_read_many_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content = dated(*(f"{day:02}/{month:02}/22" for month in range(1, 13) for day in range(1, 29)))
    monkeypatch.setattr("maltu.exports.source.BLOCK_BYTES", 1024)
    lines_read: list[str] = []

    def counted(line: str) -> Stamp | None:
        lines_read.append(line)
        return stamp_of(line)

    monkeypatch.setattr("maltu.exports.whatsapp.stamp_of", counted)

    assert len(messages(content)) == 336
    # The head, and of both passes the first block.
    assert len(lines_read) < 336 / 2
