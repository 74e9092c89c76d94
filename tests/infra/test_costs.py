"""What the pages say of money, computed: models, the sample, a run's transitions, an idle month."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from infra.costs.idle import idle
from infra.costs.month import USUAL, Stack, Workload
from infra.costs.prices import price_list
from infra.costs.runs import run_of as walk_of
from maltu.providers.base_models import base_model
from maltu.providers.estimates import training_cost, training_epochs
from tests.support.pages import DOCS, numbers
from tests.support.source import known_models
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from infra.costs.walk import Walk
    from tests.support.pages import Page

DEFAULTS = {name: each["Default"] for name, each in TEMPLATE["Parameters"].items()}

PRICES = price_list().prices
# More events than this end an execution.
MAX_EVENTS = 25_000


def test_prices_and_closing_days_are_those_the_estimate_uses(providers: Page) -> None:
    table = providers.table_with("maltu-retrieval-1")
    assert table.keys() == known_models()
    for name, (_, formats, price, closes) in table.items():
        model = base_model(name)
        assert tuple(re.findall(r"`(\w+)`", formats)) == model.formats
        unverified = "usd_per_million_tokens" in model.unverified
        known = model.usd_per_million_tokens
        assert price == ("–" if known is None else f"{known:.2f}" + (" *" if unverified else ""))
        assert closes == (model.closes_on.isoformat() if model.closes_on else "–")


def test_the_example_of_a_cost_is_what_the_estimate_gives(readme: Page, providers: Page) -> None:
    (example,) = (body for kind, body in providers.blocks if kind == "text" and "÷" in body)
    tokens, epochs, price, million, total = (
        float(number.replace(",", "")) for number in re.findall(r"\d[\d,.]*", example)
    )
    model = base_model("gpt-4.1-mini-2025-04-14")
    assert (price, million) == (model.usd_per_million_tokens, 1_000_000)
    assert total == training_cost(model, int(tokens), int(epochs))
    # The README names the sum alone.
    assert numbers(readme.paragraph_with("1,219")) >= {"1,219", f"{total:g}"}


def test_the_estimates_epochs_turn_where_it_says(providers: Page) -> None:
    (paragraph,) = (part for part in providers.prose.split("\n\n") if "8,333" in part)
    assert "34" in paragraph
    assert [training_epochs(n, chosen=None) for n in (34, 8_333)] == [3, 3]
    assert training_epochs(33, chosen=None) >= 3
    assert training_epochs(25, chosen=None) > 3
    assert training_epochs(8_334, chosen=None) < 3
    nova = base_model("amazon.nova-micro-v1:0:128k")
    assert training_epochs(1_000, chosen=None, model=nova) == 2
    assert re.search("two for Amazon Nova|Amazon Nova는 두 번", paragraph)


def test_the_sample_is_as_large_as_it_says(providers: Page, sample_report: dict[str, Any]) -> None:
    (paragraph,) = (part for part in providers.prose.split("\n\n") if "1,219" in part)
    assert sample_report["messages"] == 1219
    (tokens,) = (int(number.replace(",", "")) for number in re.findall(r"\d{2},\d{3}", paragraph))
    assert sample_report["tokens"]["train"] == pytest.approx(tokens, rel=0.1)


# -------------------------------------------------------------------------- runs


@cache
def run_of(
    hours: float, *, behind: float = 0, refused: float = 0, ahead: bool = False, **parameters: int
) -> Walk:
    walked = walk_of(hours, parameters=DEFAULTS | parameters, behind=behind, refused=refused, ahead=ahead)
    assert walked.entered[-1] == "Succeeded"
    assert walked.seconds >= (behind + refused + hours) * 3600
    return walked


def test_a_runs_transitions_and_their_price_are_what_it_says(guide: Page) -> None:
    paragraph = guide.paragraph_with(f"{MAX_EVENTS:,}")
    short, long = run_of(1), run_of(72)
    usd = PRICES["transition"].of(1, allowance=False)
    assert numbers(paragraph) == {
        *("72", f"{MAX_EVENTS:,}", f"{long.events:,}"),
        *(f"{walked.transitions:,}" for walked in (short, long)),
        *(f"{walked.transitions * usd:.2g}" for walked in (short, long)),
    }


def test_a_job_of_three_days_stays_far_below_the_history_limit() -> None:
    assert run_of(72).events < MAX_EVENTS / 5
    # Behind a run that never ends: its turn ends a day after its deadline.
    assert run_of(72, behind=72 + 24).events < MAX_EVENTS / 2


WEEK, LONGEST = 7 * 24, 31 * 24 - 72


@pytest.mark.parametrize("ahead", [False, True], ids=["first in line", "behind others"])
def test_a_run_that_waits_for_the_provider_as_long_as_it_may_stays_below_the_history_limit(
    *, ahead: bool
) -> None:
    assert run_of(72, refused=LONGEST - 72, ahead=ahead).events < MAX_EVENTS


def test_what_waiting_for_the_provider_costs_is_what_it_says() -> None:
    text = (DOCS / "scale.md").read_text("utf-8")
    (paragraph,) = (part for part in text.split("\n\n") if "for a week" in part)
    more = {
        ahead: [getattr(run_of(1, refused=WEEK, ahead=ahead), what) - getattr(run_of(1), what) for what in
                ("transitions", "events")]
        for ahead in (False, True)
    }  # fmt: skip
    for transitions, events in more.values():
        assert f"{transitions:,} transitions" in paragraph
        assert f"{transitions * PRICES['transition'].of(1, allowance=False):.2g} USD" in paragraph
        assert f"{events:,} events" in paragraph


def test_the_shortest_wait_that_it_advises_fits_into_the_history(guide: Page) -> None:
    advice = guide.table_with("BaseModel")["MaxPollSeconds"][2]
    shortest, days = sorted(map(int, numbers(advice)), reverse=True)
    assert run_of(72, refused=days * 24, MaxPollSeconds=shortest).events < MAX_EVENTS
    assert run_of(72, refused=days * 24, MaxPollSeconds=shortest // 2).events > MAX_EVENTS
    # A job alone fits in whatever they are.
    assert run_of(72, PollSeconds=1, MaxPollSeconds=1).events < MAX_EVENTS / 5


@pytest.mark.parametrize(("hours", "looks"), [(1, 12), (4, 24), (24, 60), (72, 85)])
def test_a_job_is_looked_at_so_often_and_its_end_seen_so_soon(hours: float, looks: int) -> None:
    run = run_of(hours)
    assert run.entered.count("CheckStatus") <= looks
    # Once in a quarter of an hour, or in a twentieth of the time that it has taken.
    assert run.seconds - hours * 3600 <= max(DEFAULTS["MaxPollSeconds"], 0.05 * run.seconds)


def test_a_job_that_never_ends_is_given_up_at_the_deadline_and_not_a_wait_later() -> None:
    for hours in (1, 50, 240):
        run = walk_of(10_000, parameters=DEFAULTS | {"DeadlineHours": hours})
        assert "GiveUpWaiting" in run.entered
        assert 0 < run.seconds - hours * 3600 <= 2


def test_an_idle_month_costs_what_it_says(readme: Page, guide: Page) -> None:
    uses, with_bot = idle(TEMPLATE), idle(TEMPLATE, {"HasKakaoBot": True})
    assert with_bot["secret_month"] == uses["secret_month"] + 1
    assert "`KakaoBot`" in guide.text.split("\n## ")[11]
    paragraph = readme.paragraph_with("**AWS**")
    cost = price_list().usd(uses, allowance=True)
    assert numbers(paragraph) - {"1"} == {f"{cost:.2f}", f"{PRICES['secret_month'].usd:.2f}"}
    # "Less than a cent", the Korean in digits.
    assert 0.005 < price_list().usd(Stack(TEMPLATE).run(Workload(), USUAL)) < 0.01
