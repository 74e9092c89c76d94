from __future__ import annotations

import pytest

from maltu.providers.base_models import base_model, training_cost, training_epochs


@pytest.mark.parametrize(
    ("examples", "chosen", "epochs"),
    [
        (10, None, 10),
        (50, None, 3),
        (33, None, 3),
        (9_000, None, 2),
        (100_000, None, 1),
        (10, 1, 1),
        (4, None, 25),
    ],
)
def test_epochs(examples: int, chosen: int | None, epochs: int) -> None:
    assert training_epochs(examples, chosen=chosen) == epochs


def test_the_guides_own_example_costs_what_the_guide_says() -> None:
    assert training_cost(base_model("gpt-4o-mini-2024-07-18"), 100_000, 3) == pytest.approx(0.90)


def test_an_unknown_base_model_has_no_price_rather_than_a_wrong_one() -> None:
    assert training_cost(base_model("some-host/qwen3-8b"), 100_000, 3) is None


def test_what_trains_at_home_costs_nothing() -> None:
    assert training_cost(base_model("maltu-retrieval-1"), 10**9, 25) == 0
