from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.dataset import Example, Listener, conversations_of
from maltu.dataset.examples import Making, examples_of, split_longest
from tests.unit.dataset.chats import SPEAKER, chats, persona_texts, turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.dataset import Turn
    from maltu.exports import Message

SILENCE = timedelta(hours=4)


def always(_: Example) -> bool:
    return True


def at_most(turns: int) -> Callable[[Example], bool]:
    return lambda example: len(example.turns) <= turns


def texts(examples: list[Example]) -> list[list[str]]:
    return [[turn.text for turn in example.turns] for example in examples]


def test_a_conversation_is_one_example_without_what_nobody_answered() -> None:
    left_out: Counter[str] = Counter()
    conversation = turns(
        (0, False, "하이"), (1, True, "왜"), (2, False, "뭐함"), (3, True, "밥"), (4, False, "ㅇㅋ")
    )

    made = examples_of(conversation, Making("conversation", always), left_out=left_out)

    assert texts(made) == [["하이", "왜", "뭐함", "밥"]]
    assert left_out == {"unanswered turns": 1}


def test_a_persona_who_speaks_first_answers_an_empty_turn() -> None:
    conversation = turns((0, True, "자?"), (1, False, "아니"), (2, True, "왜"))

    (example,) = examples_of(conversation, Making("conversation", always), left_out=Counter())

    assert [(turn.persona, turn.text) for turn in example.turns] == [
        (False, ""),
        (True, "자?"),
        (False, "아니"),
        (True, "왜"),
    ]
    assert example.turns[0].messages == 0


def test_pairs_are_a_question_and_its_answer() -> None:
    left_out: Counter[str] = Counter()
    conversation = turns(
        (0, True, "자?"), (1, False, "아니"), (2, True, "왜"), (3, False, "너는"), (4, True, "밥")
    )

    made = examples_of(conversation, Making("pair", always), left_out=left_out)

    assert texts(made) == [["아니", "왜"], ["너는", "밥"]]
    assert left_out == {"turns of the persona's that answer nothing": 1}


@pytest.mark.parametrize("recipe", ["conversation", "pair"])
def test_a_monologue_of_the_users_is_no_example(recipe: str) -> None:
    assert examples_of(turns((0, False, "하이")), Making(recipe, always), left_out=Counter()) == []  # pyright: ignore[reportArgumentType] - parametrize knows no literals


def test_what_does_not_fit_is_split_where_it_paused_longest_and_never_inside_an_exchange() -> None:
    # The longest pause of all stands between a question and its answer.
    conversation = turns(
        *((0, False, "1"), (1, True, "2"), (3, False, "3"), (90, True, "4")),
        *((120, False, "5"), (121, True, "6"), (131, False, "7"), (132, True, "8")),
    )

    made = examples_of(conversation, Making("conversation", at_most(4), weighs=False), left_out=Counter())
    shortest = examples_of(conversation, Making("conversation", at_most(0), weighs=False), left_out=Counter())

    assert texts(made) == [["1", "2", "3", "4"], ["5", "6", "7", "8"]]
    assert texts(shortest) == [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]


def test_among_equal_pauses_the_middle_is_split() -> None:
    conversation = turns(*((0, bool(number % 2), str(number)) for number in range(40)))

    made = examples_of(conversation, Making("conversation", at_most(10), weighs=False), left_out=Counter())

    assert [len(example.turns) for example in made] == [10, 10, 10, 10]


def test_the_longest_examples_are_split_until_there_are_enough() -> None:
    long = Example(turns(*((number, bool(number % 2), str(number)) for number in range(12))))
    short = Example(turns((0, False, "a"), (1, True, "b"), (2, False, "c"), (3, True, "d")))
    conversations = [[short], [long]]

    split_longest(conversations, Making("conversation", always, weighs=False), least=4)

    assert [[len(example.turns) for example in examples] for examples in conversations] == [[4], [2, 4, 6]]
    assert [turn for example in conversations[1] for turn in example.turns] == list(long.turns)


def test_what_cannot_be_split_stays() -> None:
    pair = Example(turns((0, False, "a"), (1, True, "b")))
    conversations = [[pair], [pair]]

    split_longest(conversations, Making("conversation", always, weighs=False), least=10)

    assert conversations == [[pair], [pair]]


@given(chats(), st.integers(2, 12))
def test_every_persona_turn_is_trained_exactly_once(messages: list[Message], longest: int) -> None:
    left_out: Counter[str] = Counter()
    made = conversations_of(messages, Listener(speaker=SPEAKER), silence=SILENCE)
    everything: list[Turn] = []
    for conversation in made:
        examples = examples_of(
            conversation,
            Making("conversation", at_most(longest), weighs=False),
            left_out=left_out,
        )
        for example in examples:
            assert [turn.persona for turn in example.turns] == [False, True] * (len(example.turns) // 2)
            assert len(example.turns) <= longest
            # No example crosses into another conversation.
            assert set(example.turns[1:]) <= set(conversation)
        everything += [turn for example in examples for turn in example.turns]

    trained = "\n".join(turn.text for turn in everything if turn.persona)
    assert trained == "\n".join(persona_texts(messages))


@given(chats())
def test_pairs_and_what_they_leave_out_are_all_turns(messages: list[Message]) -> None:
    left_out: Counter[str] = Counter()
    made = list(conversations_of(messages, Listener(speaker=SPEAKER), silence=SILENCE))
    examples = [
        example for turns in made for example in examples_of(turns, Making("pair", always), left_out=left_out)
    ]

    assert all([turn.persona for turn in example.turns] == [False, True] for example in examples)
    assert 2 * len(examples) + left_out.total() == sum(map(len, made))
