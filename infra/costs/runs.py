"""A run and a removal, walked through by their definitions: the usual story of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.costs.walk import Refused, Walk, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

_INFRA: Final = Path(__file__).parents[1]
RUN: Final = (_INFRA / "fine_tune.asl.json").read_text("utf-8")
REMOVAL: Final = (_INFRA / "remove.asl.json").read_text("utf-8")


def run_of(  # noqa: PLR0913 - whatever a run may have to wait for
    hours: float,
    *,
    parameters: Mapping[str, Any],
    behind: float = 0,
    refused: float = 0,
    ahead: bool = False,
    deploying: float = 0,
) -> Walk:
    """Walk through a run that replaces a version and whose job takes ``hours``.

    Args:
        hours: how long the job takes.
        parameters: of the deployment.
        behind: for how many hours another run has the turn before it.
        refused: for how many hours the provider has no place for it.
        ahead: whether another run stands before it in the line so long.
        deploying: for how many hours its owner is waited for, who must deploy the model.
    """
    version, recorded = "2", set[str]()
    always = {
        "CreateFineTune": {"Payload": {"job": "job"}},
        "Interview": {"Payload": {"asked": 0, "base_asked": 0}},
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
            case "LookAtLine" if ahead and waited < refused * 3600:
                other = {"persona": {"S": "q"}, "until": {"N": str(waited * 1000 + 1)}}
                return {"Items": [other]}
            case "CreateFineTune" if waited < refused * 3600:
                raise Refused("RateLimited")
            case "WaitInLine":
                # Nobody calls it.
                raise Refused("States.Timeout")
            case "CheckStatus":
                done = waited >= (behind + refused + hours) * 3600
                return {"Payload": {"done": done, "model": "m", "trained_tokens": 1, "billed_usd": 0.1}}
            case "EnsureDeployed":
                done = waited >= (behind + refused + hours + deploying) * 3600
                return {"Payload": {"done": done, "model": "m", "progress": "how", "by_hand": True}}
            case _:
                return always.get(task, {"Payload": {}})

    given = {"persona": "p", "version": version, "run": f"{version}-1", "needs_approval": False}
    return walk(RUN, parameters, given, answer)


def removal_of_a_model(*, parameters: Mapping[str, Any]) -> Walk:
    """Walk through the removal of a model that was replaced: a pass that finds it, and one that does not."""
    passes: list[bool] = []

    def answer(task: str, _: float) -> Any:  # noqa: ANN401 - JSON
        passes.append(task == "Remove" and len(passes) > 0)
        return {"Payload": {"done": passes[-1]}}

    given = {"id": "retire-1", "reason": "retire", "after_seconds": 86_400 * parameters["KeepModelsDays"]}
    return walk(REMOVAL, parameters, given, answer)


def tasks(definition: str, walked: Walk) -> list[str]:
    """The resources of the tasks that a walk entered, in order; of a function the name in the template.

    Raises:
        LookupError: a function that is no ``${Name}``.
    """
    states: dict[str, Any] = json.loads(definition)["States"]
    called = [states[name] for name in walked.entered if states[name]["Type"] == "Task"]
    return [_resource(state) for state in called]


def _resource(state: Mapping[str, Any]) -> str:
    if ":lambda:invoke" not in state["Resource"]:
        return state["Resource"].rpartition(":::")[2]
    name: str = state["Arguments"]["FunctionName"]
    if not name.startswith("${"):
        raise LookupError(f"{name} is no function of the template.")
    return name[2:-1]
