"""The metrics of one's own that a template speaks of: paid for the hours in which they are measured."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOURS: Final = 730
# What API Gateway measures of each route where it is told to measure routes.
_OF_A_ROUTE: Final = ("4XXError", "5XXError", "Count", "IntegrationLatency", "Latency")
# A dashboard's way to name a metric; AWS's own namespaces are free.
_ON_A_DASHBOARD: Final = re.compile(r'\[\s*"(?!AWS/)([A-Za-z][\w/]*)",\s*"(\w+)"')


def own_metrics(template: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Name each metric that is paid for, with its namespace or its route."""
    resources = template["Resources"].values()
    found = {metric for each in resources for metric in _of(each)}
    if any(_measures_routes(each) for each in resources):
        found |= {(route, name) for each in resources for route in _routes(each) for name in _OF_A_ROUTE}
    return frozenset(found)


def _measures_routes(resource: Mapping[str, Any]) -> bool:
    settings = resource.get("Properties", {}).get("MethodSettings", [])
    return any("'MetricsEnabled': True" in str(each) for each in settings)


def _routes(resource: Mapping[str, Any]) -> Iterator[str]:
    for event in resource.get("Properties", {}).get("Events", {}).values():
        if event["Type"] == "Api":
            yield f"{event['Properties']['Method']} {event['Properties']['Path']}"


def _of(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::CloudWatch::Alarm":
            yield from _of_an_alarm(properties)
        case "AWS::CloudWatch::Dashboard":
            yield from _ON_A_DASHBOARD.findall(_text(properties["DashboardBody"]))
        case "AWS::Logs::MetricFilter":
            for each in properties["MetricTransformations"]:
                yield each["MetricNamespace"], each["MetricName"]
        case _:
            return


def _of_an_alarm(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stats = [each["MetricStat"]["Metric"] for each in properties.get("Metrics", []) if "MetricStat" in each]
    for each in (properties, *stats):
        if not each.get("Namespace", "AWS/").startswith("AWS/"):
            yield each["Namespace"], each["MetricName"]


def _text(body: Any) -> str:  # noqa: ANN401 - a text, or one with names to be put in
    match body:
        case {"Fn::Sub": [str(text), _]} | {"Fn::Sub": str(text)} | str(text):
            return text
        case _:
            return json.dumps(body, default=str)
