"""What the local AWS endpoint cannot show, asserted on the template as it expands: logs, traces, layers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.handlers import ROOT
from tests.support.template import FUNCTIONS, of_type, variables_of


def test_every_log_is_kept_for_a_month_and_every_function_writes_to_one(expanded: dict[str, Any]) -> None:
    groups = of_type(expanded, "AWS::Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups.values()} == {30}
    for name, function in of_type(expanded, "AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in groups, name
        assert function["LoggingConfig"]["LogFormat"] == "JSON", name


def test_chat_text_cannot_reach_the_executions_log(expanded: dict[str, Any]) -> None:
    machines = of_type(expanded, "AWS::StepFunctions::StateMachine").values()
    assert [machine["LoggingConfiguration"]["IncludeExecutionData"] for machine in machines] == [False, False]


def test_everything_is_traced_by_aws_alone(expanded: dict[str, Any]) -> None:
    for name, function in of_type(expanded, "AWS::Lambda::Function").items():
        assert function["TracingConfig"] == {"Mode": "Active"}, name
    for name, machine in of_type(expanded, "AWS::StepFunctions::StateMachine").items():
        assert machine["TracingConfiguration"] == {"Enabled": True}, name
    (stage,) = of_type(expanded, "AWS::ApiGateway::Stage").values()
    assert stage["TracingEnabled"] is True
    # What could put a payload into a trace ships with no function.
    shipped = list((ROOT / "shared" / "layers").glob("*.txt"))
    assert shipped
    for pinned in shipped:
        assert "xray" not in pinned.read_text("utf-8")


def test_a_drop_that_cannot_be_handled_is_kept_and_somebody_is_told(expanded: dict[str, Any]) -> None:
    rule = of_type(expanded, "AWS::Events::Rule")["DropRule"]
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "exports/"}]}
    assert rule["Targets"][0]["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["UnhandledDrops", "Arn"]}
    queue = of_type(expanded, "AWS::SQS::Queue")["Drops"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["UnhandledDrops", "Arn"]}
    watched = of_type(expanded, "AWS::CloudWatch::Alarm")["UnhandledDropsAlarm"]
    assert watched["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert watched["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["UnhandledDrops", "QueueName"]}}
    ]


def test_a_run_that_is_stopped_from_outside_is_cleaned_up(expanded: dict[str, Any]) -> None:
    rule = of_type(expanded, "AWS::Events::Rule")["BrokenOffRule"]
    assert rule["EventPattern"]["detail"] == {
        "status": ["ABORTED", "FAILED", "TIMED_OUT"],
        "stateMachineArn": [{"Ref": "FineTuneStateMachine"}],
    }
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": "RemoveStateMachine"}
    filled = re.sub(r"<\w+>", "x", target["InputTransformer"]["InputTemplate"])
    assert json.loads(filled).keys() == {"id", "reason", "execution", "by", "after_seconds"}


def test_no_secret_stands_in_the_template_or_the_environment(expanded: dict[str, Any]) -> None:
    for function in of_type(expanded, "AWS::Lambda::Function").values():
        for name, value in function["Environment"]["Variables"].items():
            assert not ("KEY" in name or "SECRET" in name) or name.endswith("_SECRET_ARN"), (name, value)
    for secret in of_type(expanded, "AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret


def test_who_waits_for_slow_answers_is_small_and_who_measures_them_asks_nobody() -> None:
    asking, measuring = (FUNCTIONS[f"{name}Function"] for name in ("Interview", "StyleReport"))
    assert 8 * asking["MemorySize"] <= measuring["MemorySize"]
    assert not [name for name in variables_of(measuring) if name.startswith("PROVIDER")]


LAYERS = {
    "EndpointLayer": {"Completion", "Exports", "Keys", "Manage"},
    "ReadingLayer": {"Exports", "Preprocess"},
    "StyleLayer": {"StyleReport"},
    "TuningLayer": {
        *("CheckAccess", "CheckStatus", "CleanUp", "CreateFineTune", "EnsureDeployed", "Remove"),
        "UploadDataset",
    },
}


def test_a_function_has_the_layers_it_needs_and_no_other(expanded: dict[str, Any]) -> None:
    """That none is missing is seen where the chain runs: there too a function finds its layers alone."""
    for name, function in of_type(expanded, "AWS::Lambda::Function").items():
        words = name.removesuffix("Function")
        needed = ["MaltuLayer", *(layer for layer, functions in LAYERS.items() if words in functions)]
        assert sorted(template_name_of(layer) for layer in function["Layers"]) == sorted(needed), name


def template_name_of(layer: dict[str, str]) -> str:
    """SAM adds a hash of a layer's content to its name."""
    return re.sub(r"[0-9a-f]{10}$", "", layer["Ref"])


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_its_folder_and_a_sample_event(name: str) -> None:
    words = name.removesuffix("Function")
    folder = "".join(f"_{char.lower()}" if char.isupper() else char for char in words).lstrip("_")
    assert (ROOT / "functions" / folder / "app.py").exists()
    assert json.loads((ROOT / "events" / f"{folder}.json").read_text("utf-8"))
