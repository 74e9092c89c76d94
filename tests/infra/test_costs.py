"""What the READMEs say of money, computed: models, the sample, a run's transitions, an idle month."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from maltu.providers.base_models import base_model
from maltu.providers.estimates import training_cost, training_epochs
from tests.support.cloud import TEMPLATE
from tests.support.conditions import decided
from tests.support.pages import ROOT, numbers
from tests.support.source import known_models
from tests.support.walk import Refused, walk

if TYPE_CHECKING:
    from tests.support.pages import Page
    from tests.support.walk import Walk

MACHINE = (ROOT / "infra" / "fine_tune.asl.json").read_text("utf-8")
DEFAULTS = {name: each["Default"] for name, each in TEMPLATE["Parameters"].items()}

# As AWS's price lists had it on 2026-11-22, in USD, in most regions.
USD_PER_TRANSITION = 25 / 1_000_000
USD_PER_SECRET = 0.40
USD_PER_QUEUE_REQUEST = 0.40 / 1_000_000
# Lambda asks an idle queue with five requests at once, each of which waits 20 seconds for a message.
POLLS_A_MONTH = 5 * (60 // 20) * 60 * 24 * 30
# More events than this end an execution.
MAX_EVENTS = 25_000


def test_prices_and_closing_days_are_those_the_estimate_uses(readme: Page) -> None:
    table = readme.table_with("maltu-retrieval-1")
    assert table.keys() == known_models()
    for name, (_, formats, price, closes) in table.items():
        model = base_model(name)
        assert tuple(re.findall(r"`(\w+)`", formats)) == model.formats
        unverified = "usd_per_million_tokens" in model.unverified
        known = model.usd_per_million_tokens
        assert price == ("–" if known is None else f"{known:.2f}" + (" *" if unverified else ""))
        assert closes == (model.closes_on.isoformat() if model.closes_on else "–")


def test_the_example_of_a_cost_is_what_the_estimate_gives(readme: Page) -> None:
    (example,) = (body for kind, body in readme.blocks if kind == "text" and "÷" in body)
    tokens, epochs, price, million, total = (
        float(number.replace(",", "")) for number in re.findall(r"\d[\d,.]*", example)
    )
    model = base_model("gpt-4.1-mini-2025-04-14")
    assert (price, million) == (model.usd_per_million_tokens, 1_000_000)
    assert total == training_cost(model, int(tokens), int(epochs))


def test_the_estimates_epochs_turn_where_it_says(readme: Page) -> None:
    (paragraph,) = (part for part in readme.prose.split("\n\n") if "8,333" in part)
    assert "34" in paragraph
    assert [training_epochs(n, chosen=None) for n in (34, 8_333)] == [3, 3]
    assert training_epochs(33, chosen=None) >= 3
    assert training_epochs(25, chosen=None) > 3
    assert training_epochs(8_334, chosen=None) < 3
    nova = base_model("amazon.nova-micro-v1:0:128k")
    assert training_epochs(1_000, chosen=None, model=nova) == 2
    assert re.search("two for Amazon Nova|Amazon Nova는 두 번", paragraph)


def test_the_sample_is_as_large_as_it_says(readme: Page, sample_report: dict[str, Any]) -> None:
    (paragraph,) = (part for part in readme.prose.split("\n\n") if "1,219" in part)
    assert sample_report["messages"] == 1219
    (tokens,) = (int(number.replace(",", "")) for number in re.findall(r"\d{2},\d{3}", paragraph))
    assert sample_report["tokens"]["train"] == pytest.approx(tokens, rel=0.1)


# -------------------------------------------------------------------------- runs


@cache
def run_of(hours: float, *, behind: float = 0, **parameters: int) -> Walk:
    """Walk through a run that replaces a version and whose job takes ``hours``.

    Args:
        hours: how long the job takes.
        behind: for how many hours another run has the turn before it.
        parameters: of the deployment, where they are not the defaults.
    """
    version, recorded = "2", set[str]()
    always = {
        "CreateFineTune": {"Payload": {"job": "job"}},
        "EnsureDeployed": {"Payload": {"done": True, "model": "m"}},
        "StyleReport": {"Payload": {"promote": True, "verdict": "", "scores": {"asked": 0, "void": True}}},
        "Promote": {"Attributes": {"live_version": {"S": "1"}}},
    }

    def answer(task: str, waited: float) -> Any:  # noqa: ANN401 - JSON
        first = task not in recorded
        recorded.add(task)
        match task:
            case "TakeTurn" if waited < behind * 3600:
                raise Refused("DynamoDB.ConditionalCheckFailedException")
            case "RecordQueued" if not first:
                raise Refused("DynamoDB.ConditionalCheckFailedException")
            case "LookAtTurn" | "StillNewest":
                return {"Item": {"newest": {"S": version}}}
            case "CheckStatus":
                done = waited >= (behind + hours) * 3600
                return {"Payload": {"done": done, "model": "m", "trained_tokens": 1, "billed_usd": 0.1}}
            case _:
                return always.get(task, {"Payload": {}})

    given = {"persona": "p", "version": version, "run": f"{version}-1", "needs_approval": False}
    walked = walk(MACHINE, DEFAULTS | parameters, given, answer)
    assert walked.entered[-1] == "Succeeded"
    assert walked.seconds >= (behind + hours) * 3600
    return walked


def test_a_runs_transitions_and_their_price_are_what_it_says(readme: Page) -> None:
    paragraph = readme.paragraph_with(f"{MAX_EVENTS:,}")
    short, long = run_of(1), run_of(72)
    assert numbers(paragraph) == {
        *("72", f"{MAX_EVENTS:,}", f"{long.events:,}"),
        *(f"{walked.transitions:,}" for walked in (short, long)),
        *(f"{walked.transitions * USD_PER_TRANSITION:.2g}" for walked in (short, long)),
    }


def test_a_job_of_three_days_stays_far_below_the_history_limit() -> None:
    assert run_of(72).events < MAX_EVENTS / 5
    # Behind a run that never ends: its turn ends a day after its deadline.
    assert run_of(72, behind=72 + 24).events < MAX_EVENTS / 2


def test_the_shortest_wait_that_it_advises_fits_into_the_history(readme: Page) -> None:
    advice = readme.table_with("BaseModel")["MaxPollSeconds"][2]
    shortest, hours = sorted(map(int, numbers(advice)), reverse=True)
    assert run_of(hours, MaxPollSeconds=shortest).events < MAX_EVENTS
    assert run_of(hours, MaxPollSeconds=shortest // 2).events > MAX_EVENTS


def test_an_idle_month_costs_what_it_says(readme: Page) -> None:
    resources: dict[str, Any] = decided(TEMPLATE, {"HasKakaoBot": False})["Resources"]
    with_bot = [resource["Type"] for resource in TEMPLATE["Resources"].values()]
    kinds = [resource["Type"] for resource in resources.values()]
    queues = [
        event
        for resource in resources.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "SQS"
    ]
    polls = len(queues) * POLLS_A_MONTH
    paragraph = readme.paragraph_with(f"{polls:,}")
    idle = kinds.count("AWS::SecretsManager::Secret") * USD_PER_SECRET
    assert idle < 1
    assert with_bot.count("AWS::SecretsManager::Secret") == kinds.count("AWS::SecretsManager::Secret") + 1
    assert {
        f"{idle:.2f}",
        f"{USD_PER_SECRET:.2f}",
        f"{polls * USD_PER_QUEUE_REQUEST:.2f}",
    } <= numbers(paragraph)
    assert [each.count("AWS::CloudWatch::Alarm") for each in (kinds, with_bot)] == [6, 7]
    assert re.search("Six alarms, seven with the bot|알람 여섯 개는, 봇을 켜면 일곱 개", paragraph)
