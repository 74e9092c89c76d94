"""What a template's policies let whom do, statement by statement."""

from __future__ import annotations

import fnmatch
import itertools
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.permissions import Request

Statement = dict[str, Any]


def roles_of(resources: Mapping[str, Any]) -> Iterator[tuple[str, Statement]]:
    """Give who may do what.

    Functions and state machines go by their logical names, other roles by theirs without «Role», and services
    that a queue lets in by their principals. Every condition of the template must be decided.
    """
    for name, resource in resources.items():
        for parties, policy in _policies(name, resource["Type"], resource.get("Properties", {})):
            for statement in policy["Statement"]:
                named = [statement["Principal"]["Service"]] if parties is None else parties
                yield from ((party, statement) for party in named)


def _policies(
    name: str, kind: str, properties: Mapping[str, Any]
) -> Iterator[tuple[list[str] | None, Statement]]:
    """Give a resource's policies and whose they are: None where each statement says it."""
    match kind:
        case "AWS::Serverless::Function" | "AWS::Serverless::StateMachine":
            yield from (([name], policy) for policy in properties.get("Policies", []))
        case "AWS::IAM::Role":
            for policy in properties.get("Policies", []):
                yield [name.removesuffix("Role")], policy["PolicyDocument"]
        case "AWS::IAM::Policy":
            roles = [role["Ref"].removesuffix("Role") for role in properties["Roles"]]
            yield roles, properties["PolicyDocument"]
        case "AWS::SQS::QueuePolicy":
            yield None, properties["PolicyDocument"]
        case _:
            pass


def narrowest(statement: Statement) -> Iterator[Statement]:
    """Give every single permission that a statement holds: one action on one thing."""
    chosen = [
        (operator, key, value)
        for operator, wanted in statement.get("Condition", {}).items()
        for key, values in wanted.items()
        if key in {"aws:SourceArn", "dynamodb:LeadingKeys", "s3:prefix"}
        for value in _listed(values)
    ]
    for action, resource, choice in itertools.product(
        actions_of(statement), _listed(statement["Resource"]), chosen or [None]
    ):
        one: Statement = {**statement, "Action": action, "Resource": resource}
        if choice:
            operator, key, value = choice
            wanted: dict[str, Any] = statement["Condition"]
            one["Condition"] = {**wanted, operator: {**wanted[operator], key: value}}
        yield one


def with_less(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Give a statement without one action, one resource or one value of a condition at a time."""
    for part in ("Action", "Resource"):
        for left_out, rest in _without_one(statement[part]):
            yield f"{part} {left_out}", {**statement, part: rest}
    for operator, wanted in statement.get("Condition", {}).items():
        for key, values in wanted.items():
            for left_out, rest in _without_one(values):
                less = {**statement["Condition"], operator: {**wanted, key: rest}}
                yield f"{key} {left_out}", {**statement, "Condition": less}


def _without_one(values: object) -> Iterator[tuple[object, list[object]]]:
    listed = cast("list[object]", values) if isinstance(values, list) else []
    # What is alone goes with its statement.
    if len(listed) > 1:
        for at, each in enumerate(listed):
            yield each, listed[:at] + listed[at + 1 :]


def actions_of(statement: Statement) -> list[str]:
    """The actions that a statement lists."""
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def allows(statement: Statement, request: Request, arn_of: Callable[[Any], str]) -> bool:
    """Whether a statement lets a request through; ``arn_of`` resolves what a template says of a resource."""
    if request.action not in actions_of(statement):
        return False
    if not any(
        fnmatch.fnmatchcase(request.resource, arn_of(each)) for each in _listed(statement["Resource"])
    ):
        return False
    about = dict(request.about)
    return all(
        any(fnmatch.fnmatchcase(value, arn_of(pattern)) for pattern in _listed(patterns))
        for wanted in statement.get("Condition", {}).values()
        for key, patterns in wanted.items()
        for value in about.get(key, ())
    )


def _listed(patterns: Any) -> list[Any]:  # noqa: ANN401 - what a template says of a value
    return cast("list[Any]", patterns) if isinstance(patterns, list) else [patterns]
