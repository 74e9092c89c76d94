"""docs/cost.md is what the template costs, and what the template costs is within its bounds."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from infra.costs.__main__ import PAGE
from infra.costs.idle import POLLS_A_MONTH, Unpriced, idle
from infra.costs.idle import USUAL as CONDITIONS
from infra.costs.metrics import own_metrics
from infra.costs.month import LONGEST, USUAL, Pace, Stack, Workload
from infra.costs.page import filled
from infra.costs.prices import Uses, price_list
from maltu.interview import AT_ONCE, SECONDS
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable

LOAD = Workload()
ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Namespace": "AWS/SQS", "MetricName": "m"}}
STATS: list[dict[str, object]] = [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a / b"}]
ALARM_ON_TWO = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": STATS}}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    change(template["Resources"])
    return template


def test_the_page_says_what_the_template_costs() -> None:
    page = PAGE.read_text("utf-8")
    assert filled(page, TEMPLATE) == page, "run make costs"
    assert f"as of {price_list().as_of}" in page


def test_an_idle_month_costs_less_than_a_dollar() -> None:
    for bot in (False, True):
        uses = idle(TEMPLATE, {"HasKakaoBot": bot})
        assert 0 < price_list().usd(uses, allowance=True) < (1.5 if bot else 1)


@pytest.mark.parametrize("pace", [USUAL, LONGEST], ids=["usual", "longest"])
def test_awss_share_of_a_run_is_less_than_two_cents(pace: Pace) -> None:
    assert 0.001 < price_list().usd(Stack(TEMPLATE).run(LOAD, pace)) < 0.02


def test_the_longest_run_is_as_long_as_a_deployment_allows_and_every_answer_slow() -> None:
    assert TEMPLATE["Parameters"]["DeadlineHours"]["Default"] == LONGEST.job_hours
    # Whoever asks gives up by itself.
    assert LOAD.style_prompts * LONGEST.answer_seconds / AT_ONCE > SECONDS


@pytest.mark.parametrize(
    ("resource", "price", "amount"),
    [
        (ALARM, "alarm_month", 1),
        (ALARM_ON_TWO, "alarm_month", 2),
        ({"Type": "AWS::CloudWatch::Dashboard", "Properties": {}}, "dashboard_month", 1),
        ({"Type": "AWS::SecretsManager::Secret"}, "secret_month", 1),
        ({"Type": "AWS::KMS::Key"}, "key_month", 1),
        (
            {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"More": {"Type": "SQS"}}}},
            "queue_request",
            POLLS_A_MONTH,
        ),
        ({"Type": "AWS::SNS::Topic"}, "alarm_month", 0),
    ],
)
def test_what_is_added_is_counted(resource: dict[str, Any], price: str, amount: int) -> None:
    added = idle(changed(lambda resources: resources.update({"Added": resource}))) - idle(TEMPLATE)
    assert added == Uses({price: amount} if amount else {})


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "AWS::EC2::NatGateway"},
        {"Type": "AWS::Serverless::Function", "Properties": {"SnapStart": {"ApplyOn": "PublishedVersions"}}},
        {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"Daily": {"Type": "ScheduleV2"}}}},
        {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 minute)"}},
    ],
)
def test_what_has_no_price_is_refused(resource: dict[str, Any]) -> None:
    with pytest.raises(Unpriced, match="Added"):
        idle(changed(lambda resources: resources.update({"Added": resource})))


def test_a_key_of_ones_own_is_a_line_of_its_own() -> None:
    """A parameter that takes one is known by what it says of itself."""
    key = {"Type": "String", "Default": "", "Description": "A KMS key of your own."}
    page = filled(PAGE.read_text("utf-8"), {**TEMPLATE, "Parameters": {**TEMPLATE["Parameters"], "Own": key}})
    assert "| with a key of your own (`Own`) | 1 | + 1.00 | + 1.00 |" in page


def test_a_condition_that_nobody_decided_is_refused() -> None:
    assert TEMPLATE["Conditions"].keys() <= CONDITIONS.keys()
    with pytest.raises(Unpriced, match="IsLarge"):
        idle({**TEMPLATE, "Conditions": {**TEMPLATE["Conditions"], "IsLarge": True}})


def test_metrics_of_ones_own_are_found_wherever_they_are_named() -> None:
    def measure(resources: dict[str, Any]) -> None:
        body = '{"metrics": [["Maltu", "Runs", "Outcome", "failed"], ["AWS/Lambda", "Errors"]]}'
        resources["Board"] = {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": {"Fn::Sub": body}},
        }
        own = {"Namespace": "Maltu", "MetricName": "Lost"}
        resources["Alarm"] = {"Type": "AWS::CloudWatch::Alarm", "Properties": own}
        seen = {"MetricNamespace": {"Fn::Sub": "Maltu/${AWS::StackName}"}, "MetricName": "Seen"}
        filtered = [{**seen, "Dimensions": [{"Key": "Outcome", "Value": "$.outcome"}]}]
        resources["Filter"] = {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {"MetricTransformations": filtered},
        }

    found = own_metrics(changed(measure))
    more = {metric: values for metric, values in found.items() if metric not in own_metrics(TEMPLATE)}
    assert more.pop(("Maltu/${AWS::StackName}", "Seen")) > 1
    assert more == {("Maltu", "Runs"): 1, ("Maltu", "Lost"): 1}


def test_measuring_every_route_would_be_counted() -> None:
    """API Gateway's metrics of each route are paid for as one's own."""

    def measure(resources: dict[str, Any]) -> None:
        resources["Api"]["Properties"]["MethodSettings"][0]["MetricsEnabled"] = True

    stack = Stack(changed(measure))
    routes = len(own_metrics(stack.template)) - len(own_metrics(TEMPLATE))
    assert routes > 5 * 20
    more = stack.month(LOAD, 1_000)["metric_month"] - Stack(TEMPLATE).month(LOAD, 1_000)["metric_month"]
    assert more == routes


def test_a_personas_tokens_are_the_samples(sample_report: dict[str, Any]) -> None:
    messages, tokens = sample_report["messages"], sample_report["tokens"]
    examples = sample_report["examples"]
    assert pytest.approx(tokens["train"] / messages, rel=0.02) == LOAD.tokens
    assert pytest.approx(examples["train"] / messages, rel=0.02) == LOAD.examples
    assert pytest.approx(tokens["validation"] / examples["validation"], rel=0.02) == LOAD.style_tokens
    assert pytest.approx(sum(sample_report["bytes"].values()) / messages, rel=0.02) == LOAD.dataset_bytes


def test_every_price_says_where_it_was_seen() -> None:
    assert {price.seen for price in price_list().prices.values()} <= {"aws", "others", "memory"}
    assert all(price.usd > 0 for price in price_list().prices.values())
