"""What tests ask of the template: its functions, its resources of a kind, and who may do what."""

from __future__ import annotations

import fnmatch
from typing import Any

from infra.template import read_template
from tests.support.statements import actions_of as listed_actions

TEMPLATE = read_template()
FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def statements(resources: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, statement)
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def with_bedrock(resources: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Give what roles may do, and what is added to them where the provider is Bedrock."""
    return statements(resources) + [
        (role["Ref"], statement)
        for policy in of_type(resources, "AWS::IAM::Policy").values()
        for role in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def actions_of(statement: dict[str, Any]) -> set[str]:
    """The actions that a statement lists, in no order."""
    return set(listed_actions(statement))


def reaches(statement: dict[str, Any], partition: str) -> bool:
    """Whether a statement lets somebody at items of a partition."""
    (conditions,) = statement["Condition"].values()
    return any(fnmatch.fnmatchcase(partition, key) for key in conditions["dynamodb:LeadingKeys"])


def variables_of(function: dict[str, Any]) -> dict[str, Any]:
    return function["Environment"]["Variables"]
