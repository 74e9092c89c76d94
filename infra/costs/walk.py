"""A state machine walked through by its definition: which states a run enters, how often, and when."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonata.jsonata import Jsonata

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    State = dict[str, Any]

# What the history of an execution holds of a state: entered and left, and what a task reports in between.
EVENTS_OF_STATE = 2
EVENTS_OF_TASK = 5
EVENTS_OF_CALLBACK = 6
EVENTS_OF_EXECUTION = 2


class Refused(Exception):
    """How a scenario lets a task fail: by the error that the state machine catches."""


@dataclass
class Walk:
    """A run from its start to its end.

    Attributes:
        entered: the states' names in the order in which they were entered.
        seconds: how long its Waits took, and the tasks that timed out; the others take no time here.
        events: how many events its history holds.
    """

    entered: list[str] = field(default_factory=list)
    seconds: float = 0.0
    events: int = EVENTS_OF_EXECUTION

    @property
    def transitions(self) -> int:
        """How many state transitions are billed: one for every state that is entered."""
        return len(self.entered)


def walk(
    definition: str,
    parameters: Mapping[str, object],
    given: Mapping[str, Any],
    answer: Callable[[str, float], Any],
) -> Walk:
    """Run a state machine's own expressions, with its tasks answered by ``answer``.

    Args:
        definition: in Amazon States Language with JSONata.
        parameters: what is put in place of ``${Name}``; names that are missing stay as they are.
        given: the execution's input.
        answer: a task's result by its state's name and the seconds waited so far; raises :class:`Refused`.
    """
    machine = json.loads(string.Template(definition).safe_substitute(parameters))
    states: Mapping[str, State] = machine["States"]
    done = Walk()
    variables: dict[str, Any] = {}
    current: Any = given
    name: str | None = machine["StartAt"]
    while name is not None:
        state = states[name]
        done.entered.append(name)
        done.events += _events_of(state)
        context: dict[str, Any] = {"input": current}
        edge = state
        if state["Type"] == "Task":
            try:
                context["result"] = answer(name, done.seconds)
            except Refused as refused:
                context["errorOutput"] = {"Error": str(refused)}
                edge = _catch(state, str(refused))
                if str(refused) == "States.Timeout":
                    done.seconds += _evaluated(state["TimeoutSeconds"], variables)
        known = {**variables, "states": context, "clock": done.seconds * 1000}
        if state["Type"] == "Wait":
            done.seconds += _evaluated(state["Seconds"], known)
        if state["Type"] == "Choice":
            chosen = (each for each in state["Choices"] if _evaluated(each["Condition"], known))
            edge = next(chosen, {"Next": state["Default"]})
        variables = {**variables, **_evaluated(edge.get("Assign", {}), known)}
        current = _evaluated(edge["Output"], known) if "Output" in edge else context.get("result", current)
        name = edge.get("Next")
    return done


def _events_of(state: State) -> int:
    if state["Type"] != "Task":
        return EVENTS_OF_STATE
    return EVENTS_OF_CALLBACK if state["Resource"].endswith(".waitForTaskToken") else EVENTS_OF_TASK


def _catch(state: State, error: str) -> State:
    return next(each for each in state["Catch"] if {error, "States.ALL"} & set(each["ErrorEquals"]))


def _evaluated(node: Any, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any part of a definition
    match node:
        case str() if node.startswith("{%"):
            return _evaluate(node.removeprefix("{%").removesuffix("%}").strip(), known)
        case dict():
            return {key: _evaluated(value, known) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType]  # JSON
        case list():
            return [_evaluated(value, known) for value in node]  # pyright: ignore[reportUnknownVariableType]  # JSON
        case _:
            return node


def _evaluate(expression: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever JSON it gives
    parsed = _parsed(expression)
    frame = parsed.create_frame()
    for name, value in known.items():
        frame.bind(name, value)
    return parsed.evaluate(None, frame)


@cache
def _parsed(expression: str) -> Jsonata:
    # The interpreter's clock is the real one.
    return Jsonata(expression.replace("$millis()", "$clock"))
