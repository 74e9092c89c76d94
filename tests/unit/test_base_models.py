from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from maltu.dataset import open_tokenizer
from maltu.providers.base_models import (
    AS_OF,
    BaseModel,
    alternatives,
    base_model,
    base_models,
    default_format,
    why_closed,
)
from maltu.providers.estimates import Findings, check_limits, training_cost, training_epochs

NOVA = "amazon.nova-micro-v1:0:128k"
MINI = "gpt-4.1-mini-2025-04-14"


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
    assert training_cost(base_model("amazon.nova-2-lite-v1:0:256k"), 100_000, 3) is None


def test_what_trains_at_home_costs_nothing() -> None:
    for name in ("maltu-retrieval-1", "maltu-lora/Qwen/Qwen3-0.6B", "maltu.lora-gemma-3-270m"):
        model = base_model(name)
        assert (model.id, model.host) == (name, "local")
        assert training_cost(model, 10**9, 25) == 0


def findings(model: str, **changed: Any) -> Findings:  # noqa: ANN401 - any of the limits
    asked: dict[str, Any] = {
        "format_": "bedrock",
        "examples": 500,
        "trained": 450,
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
        ({"trained": 7}, "trains on no fewer than 8 examples, and there are 7"),
        ({"largest_file": 513 * 1024 * 1024}, "takes files of 512 MiB, and the largest has 513"),
        ({"epochs": 6}, "takes 5 epochs, and n_epochs is 6"),
    ],
)
def test_what_a_provider_would_refuse(changed: dict[str, Any], said: str) -> None:
    (error,) = findings(NOVA, **changed).errors
    assert said in error


def test_what_is_for_validation_does_not_count_as_training() -> None:
    (error,) = findings("amazon.nova-2-lite-v1:0:256k", examples=210, trained=190).errors
    assert "no fewer than 200 examples, and there are 190" in error


def test_what_a_provider_takes_to_the_owners_disadvantage() -> None:
    found = findings(NOVA, examples=99, longest_example=32_001)
    assert found.errors == ()
    cut, few = found.warnings
    assert "32,001 tokens" in cut
    assert "99 examples are few" in few


def test_within_all_limits_nothing_is_said() -> None:
    assert findings(NOVA) == Findings((), ())


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


class TestClosing:
    def test_a_closed_model_is_refused_with_its_date_and_what_to_take_instead(self) -> None:
        (error,) = findings("davinci-002", format_="completions").errors
        assert "shut down on 2026-09-28" in error
        assert MINI in error
        assert NOVA in error
        assert "babbage-002" not in error

    @pytest.mark.parametrize(
        ("day", "open_"), [(date(2027, 1, 5), True), (date(2027, 1, 6), False), (date(2027, 1, 14), False)]
    )
    def test_jobs_end_before_answers_do(self, day: date, open_: bool) -> None:  # noqa: FBT001 - the case
        assert (why_closed(base_model(MINI), today=day) is None) == open_
        assert base_model(MINI).trains_on(day) == open_

    def test_the_same_host_is_offered_first_and_this_machine_last(self) -> None:
        offered = alternatives(base_model(MINI), today=AS_OF)
        hosts = [one.rpartition("(")[2] for one in offered]
        assert hosts[:3] == ["openai)"] * 3
        assert hosts[-1] == "local)"
        assert not [one for one in offered if one.startswith((MINI, "davinci-002", "babbage-002"))]

    def test_after_openai_closed_nothing_of_it_is_offered(self) -> None:
        offered = alternatives(base_model(MINI), today=date(2027, 1, 6))
        assert offered
        assert not [one for one in offered if "openai" in one]

    def test_another_hosts_model_of_that_name_has_none_of_these_dates(self) -> None:
        there = base_model(MINI, host="foundry")
        assert (there.closes_on, there.usd_per_million_tokens) == (None, None)
        assert why_closed(there, today=date(2028, 1, 1)) is None


class TestTable:
    def test_no_host_has_a_model_twice(self) -> None:
        names = [(model.host, model.id) for model in base_models()]
        assert len(set(names)) == len(names)
        assert all(host for host, _ in names)

    @pytest.mark.parametrize("model", base_models(), ids=lambda model: model.id)
    def test_a_row_is_sound(self, model: BaseModel) -> None:
        assert model.formats
        assert all(price is None or price >= 0 for price in model.prices())
        assert model.fewest_examples <= model.recommended_examples
        assert model.max_examples is None or model.recommended_examples < model.max_examples
        assert (model.usual_epochs or 1) <= model.max_epochs
        assert set(model.unverified) <= {field.name for field in dataclasses.fields(BaseModel)}
        assert all(getattr(model, name) is not None for name in model.unverified if "usd" not in name)
        if model.trains_until and model.closes_on:
            assert model.trains_until <= model.closes_on

    @pytest.mark.parametrize("model", base_models(), ids=lambda model: model.id)
    def test_its_tokens_can_be_counted(self, model: BaseModel) -> None:
        assert open_tokenizer(model.encoding)("밥 먹었어?") > 1
