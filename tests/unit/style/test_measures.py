from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maltu.style import markers, overlap
from maltu.style.authorship import Authorship, separability
from maltu.style.copying import TrainingLines
from maltu.style.distribution import Distribution
from maltu.style.diversity import KINDS, Pieces, distinct_draws
from maltu.style.language_model import ORDER, CharacterModel
from maltu.style.scaling import Estimate, bootstrap, interval, ratio, scaled
from maltu.style.turns import Turn, blocks_of, messages_of, spread
from tests.unit.style.people import DRY, WARM, talk

if TYPE_CHECKING:
    from collections.abc import Sequence


# ---------------------------------------------------------------------------------- turns


def test_blocks_hold_whole_turns_of_twenty_messages() -> None:
    turns = [Turn("가\n나\n다"), Turn(" \n"), *(Turn("라\n\n마") for _ in range(20))]
    blocks = blocks_of(turns)
    assert [len(messages_of(block)) for block in blocks] == [21, 20]
    assert [turn for block in blocks for turn in block] == [turns[0], *turns[2:21]]


def test_a_spread_is_even_and_in_order() -> None:
    assert spread(range(10), 20) == range(10)
    assert list(spread(range(10), 5)) == [0, 2, 4, 6, 8]


# ---------------------------------------------------------------------------------- the character model


def plainly(train: Sequence[str], test: Sequence[str]) -> float:
    """Witten-Bell as it stands in the textbook, a character at a time."""
    seen: Counter[str] = Counter()
    after: dict[str, Counter[str]] = defaultdict(Counter)
    start, end = "\x02" * (ORDER - 1), "\x03"
    for message in train:
        padded = start + message + end
        for at in range(ORDER - 1, len(padded)):
            for length in range(ORDER):
                after[padded[at - length : at]][padded[at]] += 1
            seen[padded[at]] += 1
    bits = 0.0
    for message in test:
        padded = start + message + end
        for at in range(ORDER - 1, len(padded)):
            # The alphabet, and the padding, the end and the unknown beside it.
            probability = 1 / (len(seen) - 1 + 3)
            for length in range(ORDER):
                followers = after.get(padded[at - length : at])
                if followers is None:
                    break
                probability = (followers[padded[at]] + len(followers) * probability) / (
                    followers.total() + len(followers)
                )
            bits -= math.log2(probability)
    return bits


MESSAGES = st.lists(st.text("ㅋㅎ가나다 !", max_size=8), min_size=1, max_size=12)


@settings(deadline=None)  # a busy machine is no failure
@given(MESSAGES, st.lists(st.text("ㅋㅎ가나힣 !?", max_size=8), max_size=6))
def test_the_model_is_witten_and_bells(train: list[str], test: list[str]) -> None:
    bits, characters = CharacterModel.of(train).bits(test)
    assert bits == pytest.approx(plainly(train, test), rel=1e-9, abs=1e-9)
    assert characters == sum(map(len, test)) + len(test)


def test_the_model_is_a_distribution() -> None:
    model = CharacterModel.of(["가나", "나나", "다"])
    # Every message of no character or one, and all that goes on after one.
    ends = 2 ** -model.bits([""])[0]
    known = sum(2 ** -(model.bits([each])[0]) for each in "가나다")
    assert 0 < ends < 1
    assert ends + known < 1


def test_the_persona_surprises_its_own_model_least() -> None:
    mine, others = talk(300), talk(300, persona=WARM)
    model = CharacterModel.of([line for turn in mine.persona.train for line in turn.messages])

    def rate(turns: Sequence[Turn]) -> float:
        bits, characters = model.bits([line for turn in turns for line in turn.messages])
        return bits / characters

    assert rate(mine.persona.train) < rate(mine.persona.held_out) < rate(others.persona.held_out) / 2


# ---------------------------------------------------------------------------------- markers


@pytest.mark.parametrize(
    ("message", "laughter", "emoji", "punctuation", "ending"),
    [
        ("ㅋㅋㅋㅋ", "ㅋ3–4", "–", "–", "–"),
        ("뭐해? ㅋㅋ", "ㅋ2", "–", "?", "해"),
        ("망했어ㅜㅜㅜㅜㅜㅜ", "ㅠ5–8", "–", "–", "어"),
        ("ㅎ", "ㅎ1", "–", "–", "–"),
        ("ㅇㅇ", "–", "–", "–", "ㅇㅇ"),
        ("진짜?? 대박!!!", "–", "–", "!!", "박"),
        ("고마워 😊🥰❤️✨", "–", "3+", "–", "워"),
        ("좋아 ^^", "–", "1", "–", "아"),
        ("ok hahaha.", "haha", "–", ".", "ok"),
        ("하고...", "–", "–", "..", "고"),
        ("하하", "–", "–", "–", "하"),
    ],
)
def test_what_a_message_is_marked_by(
    message: str, laughter: str, emoji: str, punctuation: str, ending: str
) -> None:
    assert markers.laughter(message) == laughter
    assert markers.emoji(message) == emoji
    assert markers.punctuation(message) == punctuation
    assert markers.ending(message) == ending


def test_lengths_and_bubbles_grow_in_steps() -> None:
    assert [markers.length("가" * number) for number in (1, 5, 6, 7, 29, 70, 500)] == [
        "1",
        "5–6",
        "5–6",
        "7–8",
        "22–29",
        "70+",
        "70+",
    ]
    block = (Turn("가"), Turn("가\n나"), Turn("\n".join("가나다라마바사")))
    assert list(markers.MARKERS["bubbles"](block)) == ["1", "2", "6+"]


def test_the_divergence_is_jensen_and_shannons() -> None:
    said = blocks_of([Turn("ㅋㅋ")] * 15 + [Turn("아")] * 5)
    distribution = Distribution.of(said, markers.MARKERS["laughter"])

    def far(*texts: str) -> float:
        tally = distribution.tally(blocks_of([Turn(text) for text in texts]))
        return float(distribution.divergence(tally.sum(axis=0)))

    assert far(*["ㅋㅋ"] * 15, *["아"] * 5) == pytest.approx(0, abs=1e-12)
    # (0.75, 0.25) and (0, 1), by hand.
    middle = (0.375, 0.625)
    expected = 0.5 * (0.75 * math.log2(0.75 / middle[0]) + 0.25 * math.log2(0.25 / middle[1]))
    expected += 0.5 * math.log2(1 / middle[1])
    assert far(*["아"] * 20) == pytest.approx(expected)
    # What the persona never does is all one bin.
    assert far(*["ㅎㅎ"] * 10, *["ㅠㅠ"] * 10) == pytest.approx(1)


# ---------------------------------------------------------------------------------- authorship


def test_two_speakers_are_told_apart_and_one_is_not_from_himself() -> None:
    apart, same = talk(300), talk(300, other=DRY)
    for material, low, high in ((apart, 0.99, 1.0), (same, 0.2, 0.7)):
        told = separability(blocks_of(material.persona.train), blocks_of(material.other.train))
        assert low <= told.auc <= high
    assert told.by_chance > 0.6
    classifier = Authorship.trained(blocks_of(apart.persona.train), blocks_of(apart.other.train))
    mine = classifier.probabilities(blocks_of(apart.persona.held_out))
    theirs = classifier.probabilities(blocks_of(apart.other.held_out))
    assert mine.min() > 0.5 > theirs.max()


# ---------------------------------------------------------------------------------- copying


def copied(trained: str, replied: str) -> tuple[float, float]:
    tally = TrainingLines.of([Turn(trained)]).tally([(Turn(replied),)])
    return float(tally[0, 0]), float(tally[0, 1])


@pytest.mark.parametrize(
    ("trained", "replied", "expected"),
    [
        ("오늘은 진짜 아무것도 하기 싫은 날이야", "오늘은 진짜 아무것도 하기 싫은 날이야", (1, 1)),
        ("오늘은 진짜 아무것도 하기 싫은 날이야", "오늘은  진짜 아무것도 하기 싫은 날이야!! ㅋㅋ", (1, 1)),
        ("오늘은 진짜 아무것도 하기 싫은 날이야", "야\n오늘은 진짜 아무것도 하기 싫은 날이야", (1, 1)),
        ("오늘은 진짜 아무것도 하기 싫은 날이야", "오늘은 진짜 아무것도 하기 좋은 날이야", (0, 1)),
        ("나는 오늘\n집에 늦게 들어가\n자라", "나는 오늘\n집에 늦게 들어가\n자라", (0, 0)),
        ("나는 오늘도\n집에 늦게 들어가니까\n자라", "나는 오늘도\n집에 늦게 들어가니까\n자라", (1, 1)),
        ("ㅇㅇ 먹음", "ㅇㅇ 먹음", (0, 0)),
        ("Talk To You Tomorrow", "talk to you tomorrow", (1, 1)),
    ],
)
def test_what_counts_as_copied(trained: str, replied: str, expected: tuple[int, int]) -> None:
    assert copied(trained, replied) == expected


# ---------------------------------------------------------------------------------- diversity


def test_pieces_are_counted_over_one_length() -> None:
    block = (Turn("가 나 가\n가"), Turn("가 나 가\n가"))
    words, pairs, turns = (Pieces.of([block], KINDS[kind]) for kind in KINDS)
    assert (words.count, words.distinct(8), words.distinct(2)) == (8, 2 / 8, 1)
    # " 가", "가 나", "나 가": each of the two turns says them, and " 가" once more.
    assert (pairs.count, pairs.distinct(8)) == (8, 3 / 8)
    assert turns.distinct(2) == 0.5


def test_draws_of_distinct_pieces_spread_about_the_value() -> None:
    blocks = blocks_of(talk(400).persona.train)
    pieces = Pieces.of(blocks, KINDS["distinct_1"])
    draws = distinct_draws(pieces, pieces.count, draws=200, rng=np.random.default_rng(1))
    assert draws.mean() == pytest.approx(pieces.distinct(pieces.count))
    assert 0 < draws.std() < 0.1


# ---------------------------------------------------------------------------------- overlap


def test_chrf_is_the_best_of_the_real_answers_and_only_of_known_prompts() -> None:
    answers = overlap.answers_by_prompt([Turn("응 갈게", "와?"), Turn("못 가", "와?"), Turn("몰라", "")])
    assert list(answers) == ["와?"]
    block = (Turn("못 가", " 와? "), Turn("응 갈게", "딴 말"), Turn("zzz", "와?"))
    total, known = overlap.tally([block], answers)[0]
    assert (float(total), float(known)) == (100, 2)


def test_wrong_questions_keep_every_answer_and_move_them_all() -> None:
    blocks = blocks_of([Turn(f"답 {number}", f"질문 {number}") for number in range(41)])
    moved = overlap.to_the_wrong_questions(blocks)
    before, after = ([turn for block in each for turn in block] for each in (blocks, moved))
    assert sorted(turn.text for turn in after) == sorted(turn.text for turn in before)
    assert [turn.prompt for turn in after] == [turn.prompt for turn in before]
    assert all(new.text != old.text for new, old in zip(after, before, strict=True))


# ---------------------------------------------------------------------------------- scaling


def placed(value: float, floor: float, ceiling: float, beyond: float | None = None) -> float:
    return scaled(*map(Estimate.certain, (value, floor, ceiling)), beyond=beyond).point


def test_the_floor_is_0_and_the_ceiling_1_whichever_is_higher() -> None:
    assert [placed(value, 4.0, 2.0) for value in (4.0, 3.0, 2.0, 1.0, 5.0, 9.0)] == [0, 0.5, 1, 1, -0.5, -1]
    assert [placed(value, 0.2, 0.8) for value in (0.2, 0.5, 0.8, 1.0)] == pytest.approx([0, 0.5, 1, 1])


def test_beyond_the_ceiling_is_no_better_where_that_is_said() -> None:
    assert [placed(value, 4.0, 2.0, 0.0) for value in (3.0, 2.0, 1.0, 0.0)] == [0.5, 1, 0.5, 0]


def test_an_interval_of_few_blocks_covers_as_often_as_it_says() -> None:
    """Without the expansion it would cover four of five."""
    drawing = random.Random(5)  # noqa: S311 - nothing secret is drawn
    covered = 0
    for round_ in range(300):
        tally = np.array([(drawing.gauss(3, 1), 1) for _ in range(5)])
        low, high = interval(bootstrap(tally, ratio, np.random.default_rng(round_)).draws, 5)
        covered += low <= 3 <= high
    assert covered / 300 > 0.89


def test_more_blocks_make_a_narrower_interval() -> None:
    drawing = random.Random(5)  # noqa: S311 - nothing secret is drawn
    widths: list[float] = []
    for blocks in (4, 16, 64):
        tally = np.array([(drawing.gauss(3, 1), 1) for _ in range(blocks)])
        low, high = interval(bootstrap(tally, ratio, np.random.default_rng(1)).draws, blocks)
        widths.append(high - low)
    assert widths[0] > widths[1] > widths[2]
