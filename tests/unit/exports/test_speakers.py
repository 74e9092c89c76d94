from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from maltu.errors import UnknownSpeaker
from maltu.exports import Survey, choose_speaker, survey
from tests.unit.exports.kakaotalk import Said, android_of, csv_of, ios_of, opened, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "KakaoTalk_Chat_{}_2022-12-18-10-00-00.csv"


def survey_of(*speakers: str, file_name: str = "talk.csv") -> Survey:
    rows = (("2022-12-17 13:55:24", name, "하이") for name in speakers)
    return survey(opened(csv_of(rows), name=file_name))


def test_survey_counts() -> None:
    reading = opened(
        csv_of(
            [
                ("2022-12-17 13:55:24", "Json", "하이"),
                ("2022-12-17 13:55:25", "Csv", "사진"),
                ("", "", "메시지가 삭제되었습니다."),
                ("x", "Csv", "x"),
                ("2022-12-17 13:55:26", "Csv", "왜"),
                ("2022-12-17 13:55:27", "Xml", "1"),
                ("2022-12-17 13:55:28", "Xml", "2"),
                ("2022-12-17 13:55:29", "Xml", "Xml님이 나갔습니다."),
            ]
        )
    )

    counted = survey(reading)

    assert counted == Survey(
        format="kakaotalk-csv",
        room=None,
        messages=7,
        speakers={"Xml": 2, "Json": 1, "Csv": 1},
        kinds={"text": 4, "media": 1, "deleted": 1, "system": 1},
        skipped={"unreadable date": 1},
        doubtful={},
        first=datetime.fromisoformat("2022-12-17 13:55:24"),
        last=datetime.fromisoformat("2022-12-17 13:55:29"),
    )
    assert list(counted.speakers) == ["Xml", "Json", "Csv"]


@pytest.mark.parametrize(
    ("wanted", "persona", "room", "chosen"),
    [
        ("홍길동", "Json", "Json", "홍길동"),
        (None, "Json", "홍길동", "Json"),
        (None, "길동이", "홍길동", "홍길동"),
        (None, "길동이", "모임 [2]", "모임 [2]"),
        (unicodedata.normalize("NFD", "홍길동"), "x", "x", "홍길동"),
        (None, "x", unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("홍길동\ufe0f", "x", "x", "홍길동"),
        ("홍\u200b길동", "x", "x", "홍길동"),
    ],
)
def test_who_is_chosen(wanted: str | None, persona: str, room: str, chosen: str) -> None:
    counted = survey_of("Json", "홍길동", "모임 [2]", file_name=FILE.format(room))

    assert choose_speaker(counted, wanted=wanted, persona=persona, file_name="talk.csv") == chosen


def test_the_name_is_given_as_it_stands_in_the_export() -> None:
    decomposed = unicodedata.normalize("NFD", "홍길동")

    chosen = choose_speaker(survey_of("Json", decomposed), wanted="홍길동", persona="x", file_name="x.csv")

    assert chosen == decomposed


@pytest.mark.parametrize(
    "name",
    [
        "exports/길동이/" + FILE.format("홍길동"),
        FILE.format("홍길동").replace(".csv", " (1).csv"),
        "exports/길동이/홍길동.csv",
    ],
)
def test_file_names_as_browsers_and_keys_have_them(name: str) -> None:
    counted = survey_of("Json", "홍길동", file_name=name)

    assert choose_speaker(counted, wanted=None, persona="x", file_name=name) == "홍길동"


@pytest.mark.parametrize("write", [windows_of, android_of, ios_of])
def test_a_texts_room_is_named_after_the_other(write: Callable[[list[Said]], str]) -> None:
    at = datetime.fromisoformat("2022-12-17 13:55")
    content = write([(at, "회원님", "하이"), (at, "홍길동", "왜")]).replace(
        "Talk_2026.11.3 11:29-1.txt", "홍길동 (2명)과 카카오톡 대화-1.txt"
    )
    counted = survey(opened(content, name="talk.txt"))

    assert counted.room == "홍길동"
    assert choose_speaker(counted, wanted=None, persona="x", file_name="talk.txt") == "홍길동"


def test_an_unknown_wish_is_never_replaced_by_a_guess() -> None:
    with pytest.raises(UnknownSpeaker, match=r"'Jsno'.*Json \(1 message\), 홍길동 \(1 message\)"):
        choose_speaker(survey_of("Json", "홍길동"), wanted="Jsno", persona="Json", file_name="x.csv")


def test_the_error_says_who_there_is_and_how_to_choose() -> None:
    counted = survey_of("홍길동", "홍길동", *(f"사람{n}" for n in range(30)))

    with pytest.raises(UnknownSpeaker) as caught:
        choose_speaker(counted, wanted=None, persona="x", file_name="talk.csv")

    said = str(caught.value)
    assert "홍길동 (2 messages), 사람0 (1 message)" in said
    assert "사람18" in said
    assert "사람19" not in said
    assert "11 more" in said
    assert "speaker=%ED%99%8D%EA%B8%B8%EB%8F%99" in said
    assert '{"speaker": "홍길동"}' in said


@pytest.mark.parametrize(
    ("speakers", "said"),
    [
        (("Json",), r"Only Json \(1 message\) writes here; a persona needs somebody to answer"),
        ((), "Nobody writes text here"),
    ],
)
def test_a_monologue_teaches_no_dialogue(speakers: tuple[str, ...], said: str) -> None:
    rows = [
        ("2022-12-17 13:55:24", "Csv", "사진"),
        *(("2022-12-17 13:55:25", name, "하이") for name in speakers),
    ]

    with pytest.raises(UnknownSpeaker, match=said):
        choose_speaker(survey(opened(csv_of(rows))), wanted="Json", persona="Json", file_name="x.csv")
