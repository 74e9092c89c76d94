from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from maltu.providers.base_models import (
    Findings,
    base_model,
    check_limits,
    default_format,
    training_cost,
    training_epochs,
)


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


def findings(model: str, **changed: Any) -> Findings:  # noqa: ANN401 - any of the limits
    asked: dict[str, Any] = {
        "format_": "bedrock",
        "examples": 500,
        "longest_example": 1_000,
        "largest_file": 1_000_000,
        "epochs": 2,
        "today": date(2026, 11, 22),
    }
    return check_limits(base_model(model), **{**asked, **changed})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format_": "chat"}, "reads the format bedrock, and this dataset is chat"),
        ({"examples": 20_001}, "takes 20,000 examples, and there are 20,001"),
        ({"largest_file": 513 * 1024 * 1024}, "takes files of 512 MiB, and the largest has 513"),
        ({"epochs": 6}, "takes 5 epochs, and n_epochs is 6"),
    ],
)
def test_what_a_provider_would_refuse(changed: dict[str, Any], said: str) -> None:
    (error,) = findings("amazon.nova-micro-v1:0:128k", **changed).errors
    assert said in error


def test_what_a_provider_takes_to_the_owners_disadvantage() -> None:
    found = findings("amazon.nova-micro-v1:0:128k", examples=99, longest_example=32_001)
    assert found.errors == ()
    cut, few = found.warnings
    assert "32,001 tokens" in cut
    assert "99 examples are few" in few


def test_within_all_limits_nothing_is_said_and_a_closed_model_is() -> None:
    assert findings("amazon.nova-micro-v1:0:128k") == Findings((), ())
    (error,) = findings("davinci-002", format_="completions").errors
    assert "closed on 2026-09-28" in error


def test_bedrock_passes_twice_unless_told_otherwise() -> None:
    nova = base_model("amazon.nova-lite-v1:0:300k")
    assert training_epochs(50_000, chosen=None, model=nova) == 2
    assert training_epochs(50_000, chosen=4, model=nova) == 4


@pytest.mark.parametrize(
    ("model", "provider", "written"),
    [
        ("gpt-4.1-mini-2025-04-14", "openai", "chat"),
        ("maltu-retrieval-1", "openai", "chat"),
        ("davinci-002", "openai", "completions"),
        ("some-host/qwen3-8b", "openai", "chat"),
        ("amazon.nova-micro-v1:0:128k", "bedrock", "bedrock"),
        ("maltu.retrieval-1", "bedrock", "bedrock"),
        ("meta.llama3-1-8b-instruct-v1:0:128k", "bedrock", "bedrock"),
    ],
)
def test_a_dataset_is_written_as_its_base_model_reads_it(model: str, provider: str, written: str) -> None:
    assert default_format(base_model(model), provider) == written
