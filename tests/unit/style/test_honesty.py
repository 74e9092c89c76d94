"""What the report says of replies whose worth is known."""

from __future__ import annotations

import random
from itertools import cycle, pairwise
from typing import TYPE_CHECKING

import pytest

from maltu.style import Turn
from maltu.style.assess import assess
from maltu.style.report import BASE, OTHER
from tests.unit.style.people import DRY, LEANING, WARM, bot, replies, talk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from maltu.style import Material, Standing, StyleReport


def to_the_prompts(material: Material, texts: Iterable[str]) -> list[Turn]:
    return [Turn(text, turn.prompt) for turn, text in zip(material.persona.held_out, texts, strict=False)]


def shuffled(turns: Sequence[Turn]) -> list[Turn]:
    texts = [turn.text for turn in turns]
    random.Random(3).shuffle(texts)  # noqa: S311 - nothing secret is drawn
    return [Turn(text, turn.prompt) for turn, text in zip(turns, texts, strict=True)]


@pytest.fixture(scope="module")
def material() -> Material:
    return talk(900)


@pytest.fixture(scope="module")
def report(material: Material) -> StyleReport:
    alike = replies(material, DRY.answer)
    trained = [turn.text for turn in material.persona.train]
    versions = {
        "the persona again": alike,
        "shuffled": shuffled(alike),
        "tuned": replies(material, LEANING.answer, seed=7),
        "the other again": replies(material, WARM.answer),
        "bot": replies(material, bot),
        "one line": to_the_prompts(material, cycle(["ㅇㅇ 그냥 자는중 ㅋㅋ"])),
        "ten lines": to_the_prompts(material, cycle([turn.text for turn in alike[:10]])),
        "copies": to_the_prompts(material, trained),
        "half copies": [
            copied if at % 2 else own
            for at, (copied, own) in enumerate(zip(to_the_prompts(material, trained), alike, strict=True))
        ],
    }
    return assess(material, versions)


@pytest.fixture(scope="module")
def standings(report: StyleReport) -> dict[str, Standing]:
    assert not report.void
    return {**report.standings, **report.beside}


def test_who_is_known_to_be_nearer_stands_higher(standings: dict[str, Standing]) -> None:
    likeness = {name: standing.likeness for name, standing in standings.items()}
    ranked = ["the persona again", "tuned", OTHER, "bot"]
    assert sorted(ranked, key=lambda name: -likeness[name]) == ranked
    assert likeness["the persona again"] > 0.95
    assert 0.6 < likeness["tuned"] < standings["the persona again"].low
    assert standings["tuned"].low > 0.5
    assert likeness["the other again"] == pytest.approx(0, abs=0.1)
    assert likeness["bot"] < -0.05
    assert standings["bot"].overall == standings[OTHER].overall == 0


def test_the_order_does_not_hang_on_the_seed() -> None:
    for seed in (11, 12, 13):
        material = talk(400, seed=seed)
        found = assess(
            material,
            {
                "persona": replies(material, DRY.answer, seed=seed),
                "tuned": replies(material, LEANING.answer, seed=seed),
                "bot": replies(material, bot, seed=seed),
            },
        )
        likeness = {name: standing.likeness for name, standing in {**found.standings, **found.beside}.items()}
        assert likeness["persona"] > likeness["tuned"] > likeness[OTHER] > likeness["bot"]


@pytest.mark.parametrize("spoiler", ["warm", "bot"])
def test_the_more_of_it_is_the_personas_the_higher_it_stands(material: Material, spoiler: str) -> None:
    own = replies(material, DRY.answer)
    strange = replies(material, WARM.answer if spoiler == "warm" else bot)
    drawing = random.Random(9)  # noqa: S311 - nothing secret is drawn
    order = drawing.sample(range(len(own)), len(own))
    mixed = {
        f"{quarters} of 4": [
            own[at] if place * 4 < quarters * len(own) else strange[at] for at, place in enumerate(order)
        ]
        for quarters in range(5)
    }
    overall = [standing.likeness for standing in assess(material, mixed).standings.values()]
    assert overall == sorted(overall)
    assert overall[0] < 0.1
    assert overall[4] > 0.95
    assert all(more - less > 0.03 for less, more in pairwise(overall))


def test_always_the_same_typical_line_is_worth_nothing(standings: dict[str, Standing]) -> None:
    one = standings["one line"]
    # It is typical: the classifier is taken in.
    assert one.scores["authorship"].scaled is not None
    assert one.scores["authorship"].scaled > 0.8
    assert one.repetition < 0.05
    assert one.overall < 0.05
    assert one.scores["distinct_1"].value < 0.05
    assert one.scores["self_repetition"].value > 0.9


def test_a_few_typical_lines_are_worth_little(standings: dict[str, Standing]) -> None:
    assert standings["ten lines"].overall < standings["tuned"].overall / 2


def test_copying_the_training_lines_is_caught(standings: dict[str, Standing]) -> None:
    copies, half, own = (standings[name] for name in ("copies", "half copies", "the persona again"))
    assert copies.copy_rate > 0.95
    assert copies.overall < 0.05
    assert own.copy_rate < 0.05
    assert 0.3 < half.copy_rate < 0.7
    assert 0.3 < half.overall < 0.7


def test_the_right_style_at_the_wrong_place_loses_only_where_the_prompt_counts(
    standings: dict[str, Standing],
) -> None:
    right, wrong = standings["the persona again"], standings["shuffled"]
    assert wrong.overall == pytest.approx(right.overall, abs=0.05)
    for name in ("copy_rate", "distinct_1", "distinct_2", "self_repetition"):
        assert wrong.scores[name].value == pytest.approx(right.scores[name].value, abs=0.1), name
    answered, missed = right.scores["chrf"], wrong.scores["chrf"]
    assert answered.scaled is not None
    assert missed.high is not None
    assert answered.scaled > missed.high
    assert answered.low is not None
    assert missed.low is not None
    assert answered.low > 0 > missed.low


@pytest.mark.parametrize("turns", [250, 600])
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_two_who_write_the_same_make_it_void(turns: int, seed: int) -> None:
    material = talk(turns, seed=seed, other=DRY)
    report = assess(material, {"model": replies(material, DRY.answer)})
    assert report.void
    assert report.auc is not None
    assert report.auc < 0.7
    assert "cannot be told apart" in report.void_because[0]
    shown = report.as_json()
    assert shown["void"] is True
    assert shown["overall"] is shown["low"] is shown["likeness"] is None


def test_two_who_differ_a_little_do_not() -> None:
    material = talk(600, other=LEANING)
    report = assess(material, {"model": replies(material, DRY.answer)})
    assert not report.void
    assert report.standings["model"].overall > 0.8


def test_too_little_is_void_and_says_of_what() -> None:
    material = talk(60)
    report = assess(material, {"model": replies(material, DRY.answer)})
    assert report.void
    assert report.auc is None
    assert any("the others' training data has" in why for why in report.void_because)
    assert report.as_json()["scores"] == {}
    few = talk(300)
    replied = assess(few, {"model": replies(few, DRY.answer)[:8]})
    assert replied.void_because == ("model has 0 blocks of 20 messages, and 2 are needed",)


def test_small_samples_give_wide_intervals_and_a_warning(material: Material) -> None:
    tuned = replies(material, LEANING.answer, seed=7)
    few, many = assess(material, {"model": tuned[:60]}), assess(material, {"model": tuned})
    widths = [report.standings["model"].high - report.standings["model"].low for report in (few, many)]
    assert widths[0] > 1.5 * widths[1]
    assert "the intervals are wide" in few.warnings[0]
    assert not many.warnings


def test_the_untuned_model_is_a_floor_where_it_is_nearer_than_the_other_speaker(material: Material) -> None:
    tuned = replies(material, LEANING.answer, seed=7)
    without = assess(material, {"model": tuned}).standings["model"]
    # A base model that was asked to write short dry messages.
    prompted = assess(material, {"model": tuned}, base=replies(material, LEANING.answer, seed=8))
    assert prompted.standings["model"].overall < 0.3 < without.overall
    floors = {score.floor_is for score in prompted.standings["model"].scores.values()}
    assert BASE in floors
    # It is as the persona in some measures; there only the other speaker is left as a floor.
    assert prompted.beside[BASE].overall < 0.2
    assert prompted.beside[OTHER].likeness < -0.3


def test_two_versions_are_compared_with_an_interval(material: Material) -> None:
    report = assess(
        material,
        {"new": replies(material, DRY.answer), "old": replies(material, LEANING.answer, seed=7)},
    )
    assert report.difference is not None
    assert 0 < report.difference.low < report.difference.value < report.difference.high
    shown = report.as_json()
    assert shown["label"] == "new"
    assert shown["compare"]["label"] == "old"
    assert shown["compare"]["difference"]["value"] == pytest.approx(
        shown["overall"] - shown["compare"]["overall"], abs=2e-4
    )


def test_the_same_input_gives_the_same_report(material: Material) -> None:
    tuned = replies(material, LEANING.answer, seed=7)
    assert assess(material, {"model": tuned}) == assess(material, {"model": list(tuned)})


def test_every_number_keeps_to_its_scale(standings: dict[str, Standing]) -> None:
    for standing in standings.values():
        assert 0 <= standing.low <= standing.high <= 1
        assert 0 <= standing.overall <= 1
        assert -1 <= standing.likeness <= 1
        assert 0 <= standing.copy_rate <= 1
        for score in standing.scores.values():
            if score.scaled is not None and score.low is not None and score.high is not None:
                assert -1 <= score.low <= score.high <= 1
                assert -1 <= score.scaled <= 1


def test_empty_replies_and_prompts_that_nobody_was_asked_are_told(material: Material) -> None:
    tuned = replies(material, LEANING.answer, seed=7)
    odd = [
        *(turn._replace(prompt="딴 얘기") for turn in tuned[5:]),
        *(Turn(" ", "딴 얘기") for _ in range(5)),
    ]
    warnings = assess(material, {"model": odd}).warnings
    assert any(warning.startswith("5 of 270 replies of model are empty") for warning in warnings)
    assert any(warning.startswith("0 of 270 prompts of model are the held-out ones") for warning in warnings)
