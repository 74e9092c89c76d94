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
_ON_A_DASHBOARD: Final = re.compile(r'\[\s*"(?!AWS/)([A-Za-z][^"\s]*)",\s*"(\w+)"')
# Each value of a dimension makes a metric of its own, and no template says how many there will be.
_VALUES: Final = 8


def own_metrics(template: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """Name each metric that is paid for, with its namespace or its route, and say how many it is paid as."""
    resources = template["Resources"].values()
    found: dict[tuple[str, str], int] = {}
    for metric, values in (each for resource in resources for each in _of(resource)):
        found[metric] = max(values, found.get(metric, 0))
    if any(_measures_routes(each) for each in resources):
        routes = (route for each in resources for route in _routes(each))
        found |= {(route, name): 1 for route in routes for name in _OF_A_ROUTE}
    return found


def _measures_routes(resource: Mapping[str, Any]) -> bool:
    settings = resource.get("Properties", {}).get("MethodSettings", [])
    return any("'MetricsEnabled': True" in str(each) for each in settings)


def _routes(resource: Mapping[str, Any]) -> Iterator[str]:
    for event in resource.get("Properties", {}).get("Events", {}).values():
        if event["Type"] == "Api":
            yield f"{event['Properties']['Method']} {event['Properties']['Path']}"


def _of(resource: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], int]]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::CloudWatch::Alarm":
            yield from ((metric, 1) for metric in _of_an_alarm(properties))
        case "AWS::CloudWatch::Dashboard":
            yield from ((metric, 1) for metric in _ON_A_DASHBOARD.findall(_text(properties["DashboardBody"])))
        case "AWS::Logs::MetricFilter":
            for each in properties["MetricTransformations"]:
                metric = _text(each["MetricNamespace"]), each["MetricName"]
                yield metric, _VALUES ** len(each.get("Dimensions", []))
        case _:
            return


def _of_an_alarm(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stats = [each["MetricStat"]["Metric"] for each in properties.get("Metrics", []) if "MetricStat" in each]
    for each in (properties, *stats):
        namespace = _text(each.get("Namespace", "AWS/"))
        if not namespace.startswith("AWS/"):
            yield namespace, each["MetricName"]


def _text(body: Any) -> str:  # noqa: ANN401 - a text, or one with names to be put in
    match body:
        case {"Fn::Sub": [str(text), _]} | {"Fn::Sub": str(text)} | str(text):
            return text
        case _:
            return json.dumps(body, default=str)
