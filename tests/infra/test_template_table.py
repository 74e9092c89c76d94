"""Who may do what with which items of the table."""

from __future__ import annotations

import re
from typing import Any

from tests.support.handlers import ROOT
from tests.support.template import FUNCTIONS, actions_of, reaches, statements, with_bedrock


def test_keys_are_made_by_one_function_and_found_by_another(expanded: dict[str, Any]) -> None:
    granted = {
        (role.removesuffix("Role"), action.removeprefix("dynamodb:"))
        for role, statement in with_bedrock(expanded)
        for action in actions_of(statement)
        if action.startswith("dynamodb:") and reaches(statement, "keys")
    }
    writes = {("KeysFunction", action) for action in ("PutItem", "UpdateItem")}
    assert granted == {("AuthorizerFunction", "GetItem"), ("KeysFunction", "Query"), *writes}


def test_every_function_behind_the_authorizer_counts_requests_and_no_other(expanded: dict[str, Any]) -> None:
    behind = {
        name
        for name, function in FUNCTIONS.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api" and "Auth" not in event["Properties"]
    }
    granted = {
        (role.removesuffix("Role"), action.removeprefix("dynamodb:"))
        for role, statement in with_bedrock(expanded)
        for action in actions_of(statement)
        if action.startswith("dynamodb:") and reaches(statement, "usage#2026-11")
    }
    assert granted == {("KeysFunction", "Query"), *((name, "UpdateItem") for name in behind)}


def test_a_removal_reaches_every_partition_but_the_keys(expanded: dict[str, Any]) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "shared" / "maltu").glob("*.py"))
    partitions = set(re.findall(r'"pk": f?"(\w+#?)', sources))
    assert {"versions#", "uploads"} < partitions
    table = [
        key
        for role, statement in statements(expanded)
        if role == "RemoveFunctionRole" and "dynamodb:" in str(statement["Action"])
        for condition in statement["Condition"].values()
        for key in condition["dynamodb:LeadingKeys"]
    ]
    assert {key.removesuffix("*") for key in table} == partitions
    assert not reaches({"Condition": {"": {"dynamodb:LeadingKeys": table}}}, "keys")


def test_who_uses_the_table_is_bound_to_its_partitions(expanded: dict[str, Any]) -> None:
    for role, statement in with_bedrock(expanded):
        if any(action.startswith("dynamodb:") for action in actions_of(statement)):
            (kind,) = statement["Condition"]
            patterns: list[str] = statement["Condition"][kind]["dynamodb:LeadingKeys"]
            assert kind == "ForAllValues:StringLike" or not any("*" in each for each in patterns), role
            assert all(re.fullmatch(r"[a-z]+(#[*])?", each) for each in patterns), role


# A persona's name, and since when; not which version is live.
KNOWN = {"dynamodb:LeadingKeys": ["personas"], "dynamodb:Attributes": ["pk", "sk", "created_at"]}


def test_who_takes_uploads_makes_personas_known_and_reads_none_and_no_export(
    expanded: dict[str, Any],
) -> None:
    granted = [s for role, s in statements(expanded) if role == "ExportsFunctionRole"]
    for statement in granted:
        if statement["Resource"] == {"Fn::Sub": "${Bucket.Arn}/exports/*"}:
            assert actions_of(statement) == {"s3:PutObject"}
        if any(action.startswith("dynamodb:") for action in actions_of(statement)):
            (keys,) = statement["Condition"].values()
            assert keys in (
                {"dynamodb:LeadingKeys": ["uploads"]},
                # What every function of the endpoint counts requests with.
                {"dynamodb:LeadingKeys": ["usage#*"]},
                KNOWN,
            )
            assert keys != KNOWN or actions_of(statement) == {"dynamodb:UpdateItem"}
        if "s3:ListBucket" in actions_of(statement):
            assert statement["Condition"] == {"StringLike": {"s3:prefix": "uploads/*"}}


def test_preprocessing_makes_personas_known_and_none_live(expanded: dict[str, Any]) -> None:
    granted = [s for role, s in statements(expanded) if role == "PreprocessFunctionRole"]
    (known,) = (s for s in granted if "personas" in str(s.get("Condition")))
    assert known["Action"] == "dynamodb:UpdateItem"
    assert known["Condition"]["ForAllValues:StringEquals"] == KNOWN
