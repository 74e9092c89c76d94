"""Whoever operates a stack finds what the pages name: lines, metrics, a dashboard, alarms and what to do."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from infra.conditions import decided
from maltu.registry import UNFINISHED
from tests.support.handlers import ROOT
from tests.support.metrics import access_line, filters, matches
from tests.support.pages import DOCS, PAGES
from tests.support.source import argument_of
from tests.support.template import TEMPLATE

OPERATIONS, RUNBOOK = (PAGES[DOCS / f"{name}.md"] for name in ("operations", "runbook"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
OURS = "Maltu/${AWS::StackName}"
MACHINE: dict[str, Any] = json.loads((ROOT / "infra" / "fine_tune.asl.json").read_text("utf-8"))
OUTCOMES = {
    "Drops": {"started", "refused", "ignored"},
    "Runs": {"succeeded", "candidate", "failed", "cancelled", "rejected", "superseded"},
}


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")


def metrics() -> dict[str, tuple[str, str | None]]:
    """Our metrics by name: the log group that they are read from, and their dimension."""
    found: dict[str, tuple[str, str | None]] = {}
    for each in filters().values():
        (made,) = each["MetricTransformations"]
        assert made["MetricNamespace"] == {"Fn::Sub": OURS}
        (dimension,) = [of["Key"] for of in made.get("Dimensions", ())] or [None]
        found[made["MetricName"]] = each["LogGroupName"]["Ref"], dimension
    return found


def dashboard(*, bot: bool) -> list[dict[str, Any]]:
    """The dashboard's widgets, with what the stack fills in left as it stands: ``${Name}``."""
    body = decided(TEMPLATE, {"HasKakaoBot": bot})["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    text, filled = body["Fn::Sub"]
    for name, value in filled.items():
        text = text.replace(f"${{{name}}}", value["Fn::Sub"] if isinstance(value, dict) else value)  # pyright: ignore[reportUnknownArgumentType] - JSON
    return json.loads(text)["widgets"]


def shown(*, bot: bool) -> list[tuple[str, ...]]:
    """Every metric of the dashboard: namespace, name, and its dimensions one after the other."""
    lines = [line for widget in dashboard(bot=bot) for line in widget["properties"].get("metrics", ())]
    return [tuple(part for part in line if isinstance(part, str)) for line in lines if len(line) > 1]


def searched() -> set[tuple[str, str]]:
    """Which of our metrics the dashboard looks for by a dimension, whatever its values are."""
    text = json.dumps([widget["properties"] for widget in dashboard(bot=False)])
    pattern = r"""SEARCH\('\{\\\\?"Maltu/\$\{AWS::StackName\}\\\\?",(\w+)\} MetricName=\\\\?"(\w+)\\\\?"'"""
    return {(name, dimension) for dimension, name in re.findall(pattern, text)}


# -------------------------------------------------------------------------- metrics


def test_every_metric_stands_in_the_docs_and_none_grows_with_personas() -> None:
    table = OPERATIONS.table_with("BilledUsd")
    assert {name: row[1].strip("`–") or None for name, row in table.items()} == {
        name: dimension for name, (_, dimension) in metrics().items()
    }
    assert {dimension for _, dimension in metrics().values()} == {None, "Outcome", "State", "Status"}
    bounded = sum(len(values) for values in OUTCOMES.values())
    single = [name for name, (_, dimension) in metrics().items() if dimension is None]
    (cost,) = (part for part in OPERATIONS.prose.split("\n\n") if part.startswith("**Cost.**"))
    assert re.findall(r"(\d+) without a dimension, (\d+) outcomes", cost.replace("\n", " ")) == [
        (str(len(single)), str(bounded))
    ]


def test_no_method_has_metrics_of_its_own_which_are_paid_for() -> None:
    settings = decided(TEMPLATE, {"HasKakaoBot": True})["Resources"]["Api"]["Properties"]["MethodSettings"]
    assert settings
    assert not any(each.get("MetricsEnabled") for each in settings)


def test_the_access_log_is_json_with_numbers_and_names_nobody() -> None:
    line = access_line(status=429, responseLatency=31, resourcePath="/v1/chat/completions")
    assert (line["status"], line["ms"]) == (429, 31)
    assert all(
        matches(filters()[name]["FilterPattern"], line) for name in ("ChatLatencyMetric", "ChatErrorsMetric")
    )
    text: str = RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Format"]
    assert set(re.findall(r"\$context\.([\w.]+)", text)) == {
        "requestId", "authorizer.principalId", "httpMethod", "resourcePath", "status", "responseLatency",
        "error.responseType", "xrayTraceId",
    }  # fmt: skip
    told = OPERATIONS.prose.replace("\n", " ")
    (listed,) = re.findall(r"a line for every request: (.*?);", told)
    assert re.findall(r"`(\w+)`", listed) == list(line)


def test_how_runs_end_is_kept_as_the_bus_has_it_of_this_stack_alone() -> None:
    rule = of_type("AWS::Events::Rule")["RunEndedRule"]
    (event,) = MACHINE["States"]["PublishOutcome"]["Arguments"]["Entries"]
    assert rule["EventPattern"] == {
        "source": [event["Source"]],
        "detail-type": [event["DetailType"]],
        "resources": [{"Ref": "FineTuneStateMachine"}, {"Ref": "RemoveStateMachine"}],
    }
    (target,) = rule["Targets"]
    assert target["Arn"]["Fn::Sub"].endswith(":log-group:${RunLogs}")
    policy = json.loads(of_type("AWS::Logs::ResourcePolicy")["RunLogsPolicy"]["PolicyDocument"]["Fn::Sub"])
    assert {each["Action"] for each in policy["Statement"]} == {"logs:CreateLogStream", "logs:PutLogEvents"}
    for statement in policy["Statement"]:
        assert statement["Principal"] == {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]}
        assert statement["Resource"] == "${RunLogs.Arn}"


def test_every_failure_names_its_state() -> None:
    for name, state in MACHINE["States"].items():
        for caught in state.get("Catch", ()):
            if caught["Next"] == "CleanUpAfterFailure":
                assert caught["Output"]["state"] == "{% $states.context.State.Name %}", name


# -------------------------------------------------------------------------- the dashboard


@pytest.mark.parametrize("bot", [True, False])
def test_the_dashboard_shows_metrics_that_there_are(bot: bool) -> None:  # noqa: FBT001 - parametrised
    aws = {
        "AWS/ApiGateway": {"5XXError"},
        "AWS/Lambda": {"ConcurrentExecutions", "Errors", "Throttles"},
        "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
        "AWS/States": {"ExecutionTime", "ExecutionsFailed"},
    }
    for namespace, name, *dimensions in shown(bot=bot):
        if namespace != OURS:
            assert name in aws[namespace]
            continue
        dimension = metrics()[name][1]
        assert dimensions[::2] == ([dimension] if dimension else []), name
        assert set(dimensions[1::2]) <= OUTCOMES.get(name, set()), name
    for name, outcomes in OUTCOMES.items():
        assert {line[3] for line in shown(bot=bot) if line[:2] == (OURS, name)} == outcomes
    assert {line[1] for line in shown(bot=bot) if line[0] == OURS} | {name for name, _ in searched()} == set(
        metrics()
    )
    assert searched() == {(name, metrics()[name][1]) for name in ("RunsFailed", "ChatErrors")}
    # An account has three dashboards free, of so many metrics each.
    assert len({*shown(bot=bot)}) + len(searched()) <= 50


@pytest.mark.parametrize("bot", [True, False])
def test_every_function_queue_state_machine_and_alarm_is_on_the_dashboard(bot: bool) -> None:  # noqa: FBT001 - parametrised
    there = decided(TEMPLATE, {"HasKakaoBot": bot})["Resources"]
    kinds = ("Serverless::Function", "SQS::Queue", "Serverless::StateMachine", "CloudWatch::Alarm")
    expected = {name for name, each in there.items() if each["Type"].removeprefix("AWS::") in kinds}
    named = set(re.findall(r"\$\{(\w+)(?:\.\w+)?\}", json.dumps(dashboard(bot=bot))))
    assert named >= expected
    logs = {name for name, each in there.items() if each["Type"] == "AWS::Logs::LogGroup"}
    # What the state machines log says less than their tasks do, and the access log is for counting.
    assert named - expected == logs - {"FineTuneLogs", "RemoveLogs", "ApiLogs"}


def test_the_dashboards_widgets_do_not_cover_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard(bot=True):
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not taken & cells
        taken |= cells
    assert {x for x, _ in taken} == set(range(24))


# -------------------------------------------------------------------------- alarms


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_somebody_and_its_section_says_what_to_do(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == [{"Ref": "Topic"}]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["AlarmDescription"].endswith(f" docs/runbook.md#{name.lower()}")
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOK.text, re.MULTILINE | re.DOTALL)
    parts = re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE)
    assert parts == ["What it means.", "Look.", "Do.", "Over"]
    assert "```bash" in section


def test_every_section_and_row_is_of_an_alarm() -> None:
    assert re.findall(r"^## (\w+)$", RUNBOOK.text, re.MULTILINE) == list(
        OPERATIONS.table_with("RunsFailedAlarm")
    )
    assert set(OPERATIONS.table_with("RunsFailedAlarm")) == set(ALARMS)
    # As many as an account has free.
    assert len(ALARMS) <= 10


def test_what_the_alarms_watch_is_what_the_pages_say() -> None:
    told = OPERATIONS.table_with("RunsFailedAlarm")
    waiting, failing, spending = (
        ALARMS[f"{name}Alarm"] for name in ("DropsWaiting", "EndpointFailing", "DailySpend")
    )
    assert waiting["Threshold"] == 4 * 3600
    assert "4 hours" in told["DropsWaitingAlarm"][1]
    # A drop must not be lost before somebody has had days to look.
    assert waiting["Threshold"] + 3 * 86_400 < RESOURCES["Drops"]["Properties"]["MessageRetentionPeriod"]
    assert failing["Period"] * failing["EvaluationPeriods"] == 15 * 60
    assert (failing["Namespace"], failing["MetricName"], failing["Statistic"]) == (
        "AWS/ApiGateway",
        "5XXError",
        "Average",
    )
    assert failing["Threshold"] == 0.05
    assert "15 minutes more than 5 %" in told["EndpointFailingAlarm"][1]
    assert {each["Name"]: each["Value"] for each in failing["Dimensions"]} == {
        "ApiName": {"Ref": "AWS::StackName"},
        "Stage": RESOURCES["Api"]["Properties"]["StageName"],
    }
    assert RESOURCES["Api"]["Properties"]["Name"] == {"Fn::Sub": "${AWS::StackName}"}
    assert (spending["Namespace"], spending["Threshold"]) == ({"Fn::Sub": OURS}, {"Ref": "DailySpendUsd"})
    assert metrics()[spending["MetricName"]] == ("TaskLogs", None)
    assert spending["Period"] == 86_400
    watched = {
        (alarm["MetricName"], str(each["Value"]))
        for alarm in ALARMS.values()
        for each in alarm.get("Dimensions", ())
        if alarm["MetricName"] == "ExecutionsFailed"
    }
    assert watched == {
        ("ExecutionsFailed", str({"Ref": machine}))
        for machine in ("FineTuneStateMachine", "RemoveStateMachine")
    }


# -------------------------------------------------------------------------- the pages


def test_every_line_of_the_functions_stands_in_the_docs() -> None:
    sources = [*ROOT.glob("functions/*/app.py"), *ROOT.glob("functions/common/*.py")]
    written = {
        message
        for source in sources
        for level in ("info", "warning", "error")
        for message in argument_of(source, level, 0)
    }
    (table,) = (table for table in OPERATIONS.tables if any("`drop handled`" in row[0] for row in table))
    assert {message for row in table for message in re.findall(r"`([^`]+)`", row[0])} == written
    for row in table:
        assert row[1].strip("`") in RESOURCES


def test_the_errors_of_the_runbook_are_the_codes() -> None:
    tree = ast.parse((ROOT / "shared" / "maltu" / "errors.py").read_text("utf-8"))
    known = {node.name for node in tree.body if isinstance(node, ast.ClassDef)} | {
        "BrokeOff",
        "InternalError",
    }
    known |= set(MACHINE["States"]) | set(RESOURCES) | set(TEMPLATE["Parameters"]) | UNFINISHED
    words = {word for row in RUNBOOK.rows for word in re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", " ".join(row))}
    assert len(words) > 10
    assert words <= known


def test_every_place_that_the_commands_name_is_in_the_template() -> None:
    for page in (OPERATIONS, RUNBOOK):
        code = "\n".join(page.code)
        named = set(re.findall(r"\$\(log (\w+)\)", code)) | set(
            re.findall(r"for group in ([\w ]+);", code).pop().split() if "for group" in code else []
        )
        assert named
        assert named <= RESOURCES.keys()
        assert set(re.findall(r"\$\(output (\w+)\)", code)) <= TEMPLATE["Outputs"].keys()
        for pattern in re.findall(r"--filter-pattern '(\{.*?\})'", code):
            matches(pattern, {})
