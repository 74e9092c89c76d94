"""The state machine's definition: well-formed, bounded, and with no failure that nobody hears of."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from statelint.linter import Linter

import maltu.errors
from tests.support.handlers import ROOT
from tests.support.template import TEMPLATE

TEXT = (ROOT / "infra" / "fine_tune.asl.json").read_text("utf-8")
MACHINE: dict[str, Any] = json.loads(TEXT)
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
SERVICE_ERRORS = re.compile(r"^(States|Lambda|Runtime|Sandbox|DynamoDB|StepFunctions)\.")


def next_of(state: dict[str, Any]) -> set[str]:
    edges = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {edge[way] for edge in edges for way in ("Next", "Default") if way in edge}


def reachable(start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += next_of(STATES[name])
    return seen


def test_it_is_well_formed() -> None:
    # In a JSONata state machine a Wait and a time-out may be computed, which this linter does not know.
    known = json.loads(TEXT)
    assert re.fullmatch(r"\{% .* %\}", known["States"]["WaitInLine"]["TimeoutSeconds"])
    known["States"]["WaitInLine"]["TimeoutSeconds"] = 1
    for name in ("WaitForTurn", "WaitForJob", "WaitForDeployment"):
        assert re.fullmatch(r"\{% .* %\}", known["States"][name]["Seconds"])
        known["States"][name]["Seconds"] = 1
    assert Linter.validate(known) == []


def test_every_state_is_reached_and_every_path_ends() -> None:
    assert reachable(MACHINE["StartAt"]) == set(STATES)
    assert {name for name in STATES if not next_of(STATES[name])} == {"Succeeded", "GaveWay", "Failed"}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_is_bounded_retried_and_caught(name: str) -> None:
    task = TASKS[name]
    # Only the owner's answer may take days; how long a run sleeps in line, tests/infra/test_line.py computes.
    if name != "WaitInLine":
        assert task["TimeoutSeconds"] <= (604_800 if name == "AskOwner" else 600)
    assert all(rule.get("JitterStrategy") == "FULL" for rule in task["Retry"] if rule["MaxAttempts"])
    assert "States.ALL" in {error for catch in task["Catch"] for error in catch["ErrorEquals"]}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_failure_ends_in_words_to_the_owner(name: str) -> None:
    for catch in TASKS[name]["Catch"]:
        assert reachable(catch["Next"]) & {"NotifyFailed", "NotifySucceeded", "Succeeded", "Failed"}
    if name not in {"NotifyFailed", "NotifySucceeded", "NotifyCandidate"}:
        assert all("NotifyFailed" in reachable(catch["Next"]) for catch in TASKS[name]["Catch"])


def test_errors_are_called_as_the_domain_calls_them() -> None:
    named = {
        error
        for task in TASKS.values()
        for rule in [*task["Retry"], *task["Catch"]]
        for error in rule["ErrorEquals"]
        if not SERVICE_ERRORS.match(error)
    }
    assert named == {
        *("RateLimited", "ProviderUnavailable", "ModelNotReady"),
        *(
            "ProviderRejected",
            "TrainingNotAvailable",
            "TrainingFailed",
            "TrainingCancelled",
            "InvalidSettings",
        ),
    }
    told = set(re.findall(r"'(\w+)': '\w+'", TEXT)) | set(re.findall(r'"error": "(\w+)"', TEXT))
    assert told == {"ApprovalTimedOut", "DeadlineExceeded", "RunRejected", "Superseded", "TrainingCancelled"}
    for error in named | told:
        assert issubclass(getattr(maltu.errors, error), maltu.errors.MaltuError)


def test_every_name_it_is_given_is_used_and_none_is_missing() -> None:
    given = TEMPLATE["Resources"]["FineTuneStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(given)


def test_only_one_state_moves_the_live_pointer_and_only_on_a_condition() -> None:
    writers = [n for n, t in TASKS.items() if "live_version" in t["Arguments"].get("UpdateExpression", "")]
    assert writers == ["Promote"]
    condition = TASKS["Promote"]["Arguments"]["ConditionExpression"]
    assert condition == "attribute_not_exists(live_version) OR live_version <= :version"
