"""What a deployed template costs in a month in which nothing happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from infra.conditions import decided
from infra.costs.prices import Uses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Lambda asks an idle queue with five requests at once, each of which waits 20 seconds for a message.
POLLS_A_MONTH: Final = 5 * (60 // 20) * 60 * 24 * 30

# How the stack is deployed by itself. A condition that is not here has no price yet.
USUAL: Final[Mapping[str, bool]] = {
    "HasKakaoBot": False,
    "HasKey": False,
    "HasNotificationEmail": True,
    "IsBedrock": False,
}

_PAID: Final = {
    "AWS::SecretsManager::Secret": "secret_month",
    "AWS::CloudWatch::Alarm": "alarm_month",
    "AWS::CloudWatch::Dashboard": "dashboard_month",
    "AWS::KMS::Key": "key_month",
}
# These are paid by what is done with them, or not at all.
_PAID_BY_USE: Final = frozenset(
    {
        "AWS::ApiGateway::Account",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::Logs::ResourcePolicy",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
        "AWS::Serverless::LayerVersion",
        "AWS::Serverless::StateMachine",
    }
)
# With one of these, what is paid by use is paid by the hour as well.
_BY_THE_HOUR: Final = frozenset(
    {
        "CacheClusterEnabled",
        "ProvisionedConcurrencyConfig",
        "ProvisionedThroughput",
        "Replicas",
        "ScheduleExpression",
        "SnapStart",
    }
)
_EVENTS: Final = frozenset({"Api", "SQS"})


class Unpriced(LookupError):
    """Something in the template has no price here."""


def idle(template: Mapping[str, Any], conditions: Mapping[str, bool] = USUAL) -> Uses:
    """Count what a month costs in which nothing is dropped and nobody asks.

    Args:
        template: as it stands in ``template.yaml``.
        conditions: how the template's conditions turn out, where that is not as in ``USUAL``.

    Raises:
        Unpriced: a resource, one of its properties or a condition is unknown here.
    """
    turned_out = {**USUAL, **conditions}
    if unknown := template.get("Conditions", {}).keys() - turned_out.keys():
        raise Unpriced(f"Say in infra/costs/idle.py how {', '.join(sorted(unknown))} usually turns out.")
    resources: dict[str, Any] = decided(template["Resources"], turned_out)
    uses = Uses()
    for name, resource in resources.items():
        uses.update(_of(name, resource["Type"], resource.get("Properties", {})))
    return uses


def _of(name: str, kind: str, properties: Mapping[str, Any]) -> Uses:
    if dear := _BY_THE_HOUR & properties.keys():
        raise Unpriced(f"{name} is paid by the hour for {', '.join(sorted(dear))}: count it in {__name__}.")
    if kind == "AWS::CloudWatch::Alarm":
        watched = sum("MetricStat" in each for each in properties.get("Metrics", []))
        return Uses({"alarm_month": max(1, watched)})
    if kind in _PAID:
        return Uses({_PAID[kind]: 1})
    if kind not in _PAID_BY_USE:
        raise Unpriced(f"{name} is a {kind}: say in {__name__} what one costs while nothing happens.")
    events = [event["Type"] for event in properties.get("Events", {}).values()]
    if unknown := set(events) - _EVENTS:
        raise Unpriced(f"{name} is called by {', '.join(sorted(unknown))}: count in {__name__} how often.")
    return Uses({"queue_request": events.count("SQS") * POLLS_A_MONTH}) if "SQS" in events else Uses()


def keys_of_ones_own(template: Mapping[str, Any]) -> Iterator[str]:
    """Name the parameters that take a KMS key, which is paid by the month wherever it was made."""
    return (name for name, each in template["Parameters"].items() if "kms" in str((name, each)).lower())
