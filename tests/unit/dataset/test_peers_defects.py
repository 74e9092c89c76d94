"""What the best known project of this kind gets wrong, as tests that it would fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maltu.dataset import Room
from maltu.masking import Masker
from tests.unit.dataset.chats import SPEAKER, chat, dialogues
from tests.unit.dataset.test_build import build, build_rooms, lines, raw_lines, trained_texts

if TYPE_CHECKING:
    from pathlib import Path

LAST = 1440 * 20


def contents(directory: Path) -> list[list[str]]:
    return [[message["content"] for message in line["messages"][1:]] for line in lines(directory)]


def test_a_chat_that_begins_when_another_ends_is_another_example(tmp_path: Path) -> None:
    with_json = [*dialogues(10), *chat((LAST, "Json", "비밀이야"), (LAST + 1, SPEAKER, "응"))]
    with_xml = chat((LAST + 2, "Xml", "뭐해"), (LAST + 3, SPEAKER, "그냥"))

    build_rooms([Room(messages=with_json), Room(messages=with_xml)], tmp_path, validation_share=0)

    assert contents(tmp_path)[-2:] == [["비밀이야", "응"], ["뭐해", "그냥"]]


def test_an_answer_after_six_minutes_is_an_answer(tmp_path: Path) -> None:
    build([*dialogues(10), *chat((LAST, "Json", "뭐해"), (LAST + 6, SPEAKER, "씻었어"))], tmp_path)

    assert contents(tmp_path)[-1] == ["뭐해", "씻었어"]


def test_two_questions_and_one_answer_lose_neither_question(tmp_path: Path) -> None:
    asked = chat((LAST, "Json", "저녁 먹었어?"), (LAST + 3, "Json", "내일 와?"), (LAST + 4, SPEAKER, "응"))

    build([*dialogues(10), *asked], tmp_path)

    assert contents(tmp_path)[-1] == ["저녁 먹었어?\n내일 와?", "응"]


def test_the_answer_is_never_in_its_own_prompt(tmp_path: Path) -> None:
    opens = chat(
        (LAST, SPEAKER, "먼저 말하는 중"), (LAST + 5, SPEAKER, "또 말하는 중"), (LAST + 6, "Json", "어")
    )
    for format_ in ("chat", "completions", "bedrock"):
        build([*dialogues(10), *opens], tmp_path, format=format_)
        for line in raw_lines(tmp_path):
            assert line.count("말하는 중") in {0, 2}
            assert line.count("먼저") <= 1

    build([*dialogues(10), *opens], tmp_path)
    assert contents(tmp_path)[-1] == [" ", "먼저 말하는 중\n또 말하는 중"]


def test_masking_keeps_the_message_and_whatever_is_no_personal_data(tmp_path: Path) -> None:
    private = "내 번호 010 1234 5678 이야"
    clean = ["food ok 3,500원", "내일 7시 반 2:1로 이김 ㅋㅋ", "010은 무슨 010이야 ㅋㅋ"]
    said = [(LAST + 1440 * n, text) for n, text in enumerate([private, *clean])]
    messages = [message for at, text in said for message in chat((at, "Json", text), (at + 1, SPEAKER, text))]
    masker = Masker(())

    from maltu.dataset import build_dataset  # noqa: PLC0415
    from maltu.settings import PersonaSettings  # noqa: PLC0415

    build_dataset(
        [Room(messages=[*dialogues(10), *messages])],
        speaker=SPEAKER,
        settings=PersonaSettings(validation_share=0),
        count_tokens=len,
        masking=masker,
        directory=tmp_path,
    )

    *_, masked, first, second, third = contents(tmp_path)
    assert masked[0].startswith("내 번호 ")
    assert masked[0].endswith(" 이야")
    assert "1234" not in "".join(raw_lines(tmp_path))
    assert [first, second, third] == [[text, text] for text in clean]
    assert trained_texts(tmp_path).count("밥먹음") == 10
