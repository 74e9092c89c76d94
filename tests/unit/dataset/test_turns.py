from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from maltu.dataset import Listener, Turn, conversations_of
from maltu.dataset.conversations import MAX_CONVERSATION_TURNS
from tests.unit.dataset.chats import HOUR, SPEAKER, START, chat, chats, persona_texts

if TYPE_CHECKING:
    from maltu.exports import Message

SILENCE = timedelta(hours=4)


def turns_of(messages: list[Message], listener: Listener | None = None) -> list[Turn]:
    made = conversations_of(messages, listener or Listener(speaker=SPEAKER), silence=SILENCE)
    return list(chain.from_iterable(made))


def texts(messages: list[Message], *, named: bool = False) -> list[tuple[bool, str]]:
    return [(turn.persona, turn.text) for turn in turns_of(messages, Listener(speaker=SPEAKER, named=named))]


def conversations(messages: list[Message]) -> list[list[str]]:
    made = conversations_of(messages, Listener(speaker=SPEAKER), silence=SILENCE)
    return [turns.texts for turns in made]


def test_messages_of_one_side_are_one_turn() -> None:
    messages = chat((0, "Json", "하이"), (1, "Json", "뭐함"), (33, SPEAKER, "밥먹음"), (34, SPEAKER, "왜"))

    first, second = turns_of(messages)

    assert first == Turn(
        persona=False, text="하이\n뭐함", started_at=START, ended_at=START + HOUR / 60, messages=2
    )
    assert (second.persona, second.text, second.messages) == (True, "밥먹음\n왜", 2)


def test_everybody_else_is_the_user() -> None:
    messages = chat((0, "Json", "하이"), (1, "Xml", "뭐함"), (2, SPEAKER, "왜"), (3, "Xml", "그냥"))

    assert texts(messages) == [(False, "하이\n뭐함"), (True, "왜"), (False, "그냥")]
    assert texts(messages, named=True) == [
        (False, "Json: 하이\nXml: 뭐함"),
        (True, "왜"),
        (False, "Xml: 그냥"),
    ]


def test_what_is_no_text_is_left_out_unless_the_persona_answers_it() -> None:
    left_out: Counter[str] = Counter()
    messages = chat(
        (0, "Json", "사진", "media"),
        (1, SPEAKER, "사진", "media"),
        (2, "Json", "Json님이 나갔습니다.", "system"),
        (3, SPEAKER, "삭제된 메시지입니다.", "deleted"),
        (4, SPEAKER, "오"),
        (5, SPEAKER, " \n"),
        (6, SPEAKER, ""),
    )

    made = turns_of(messages, Listener(speaker=SPEAKER, left_out=left_out))

    assert [(turn.persona, turn.text) for turn in made] == [(False, "사진"), (True, "오")]
    assert left_out == {"the persona's media": 1, "system": 1, "deleted": 1, "empty": 2}


def test_text_is_kept_to_the_letter() -> None:
    assert texts(chat((0, SPEAKER, "  ㅋㅋ ")))[0][1] == "  ㅋㅋ "


@pytest.mark.parametrize(("pause", "count"), [(240, 1), (241, 2), (-240, 1), (-241, 2)])
def test_a_silence_ends_a_conversation(pause: int, count: int) -> None:
    assert len(conversations(chat((0, "Json", "하이"), (pause, SPEAKER, "왜")))) == count


def test_a_silence_inside_one_sides_messages_ends_it_too() -> None:
    messages = chat((0, "Json", "하이"), (300, "Json", "자?"), (301, SPEAKER, "아니"))

    assert conversations(messages) == [["하이"], ["자?", "아니"]]


def test_nothing_gives_nothing() -> None:
    assert conversations([]) == []


@given(chats())
def test_no_message_is_lost_and_none_is_told_twice(messages: list[Message]) -> None:
    left_out: Counter[str] = Counter()
    made = turns_of(messages, Listener(speaker=SPEAKER, left_out=left_out))

    assert sum(turn.messages for turn in made) + left_out.total() == len(messages)
    assert "\n".join(turn.text for turn in made if turn.persona) == "\n".join(persona_texts(messages))


@given(chats())
def test_conversations_alternate_and_hold_no_silence(messages: list[Message]) -> None:
    made = list(conversations_of(messages, Listener(speaker=SPEAKER), silence=SILENCE))

    for conversation in made:
        for before, after in pairwise(conversation):
            assert before.persona is not after.persona
            assert abs(after.started_at - before.ended_at) <= SILENCE
    for before, after in pairwise(made):
        assert abs(after[0].started_at - before[-1].ended_at) > SILENCE


def test_a_room_that_never_falls_silent_is_cut_where_it_paused_longest() -> None:
    long_pause = 7_001
    minutes = 0
    said: list[tuple[float, str, str]] = []
    for number in range(2 * MAX_CONVERSATION_TURNS + 1):
        minutes += 60 if number == long_pause + 1 else 1
        said.append((minutes, SPEAKER if number % 2 else "Json", str(number)))

    made = list(conversations_of(chat(*said), Listener(speaker=SPEAKER), silence=SILENCE))

    assert [turn.text for conversation in made for turn in conversation] == [text for _, _, text in said]
    assert len(made[0]) == long_pause + 1
    assert all(len(conversation) <= MAX_CONVERSATION_TURNS for conversation in made)
    assert not any(conversation[0].persona for conversation in made)


def test_a_monologue_that_never_ends_is_one_turn() -> None:
    count = 3 * MAX_CONVERSATION_TURNS

    (turn,) = turns_of(chat(*((number / 60, "Json", str(number)) for number in range(count))))

    assert turn.text == "\n".join(map(str, range(count)))
    assert turn.messages == count
