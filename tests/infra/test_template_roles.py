"""What each function and the state machine may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.template import TEMPLATE, actions_of, statements, with_bedrock


def test_nothing_may_do_everything(expanded: dict[str, Any]) -> None:
    unbounded = ("logs:", "xray:", "bedrock:List")
    for role, statement in with_bedrock(expanded):
        assert all("*" not in action for action in actions_of(statement)), role
        if statement["Resource"] == "*":
            assert all(action.startswith(unbounded) for action in actions_of(statement)), role


@pytest.mark.parametrize(
    ("function", "allowed"),
    [
        ("AuthorizerFunction", {"dynamodb:GetItem", "secretsmanager:GetSecretValue"}),
        (
            "KeysFunction",
            {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        ),
        ("CheckStatusFunction", {"secretsmanager:GetSecretValue"}),
        ("CleanUpFunction", {"secretsmanager:GetSecretValue"}),
        (
            "CompletionFunction",
            {
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "secretsmanager:GetSecretValue",
            },
        ),
        ("CreateFineTuneFunction", {"secretsmanager:GetSecretValue"}),
        ("KakaoFunction", {"lambda:InvokeFunction", "secretsmanager:GetSecretValue"}),
        ("KakaoAnswerFunction", {"dynamodb:GetItem", "secretsmanager:GetSecretValue"}),
        ("EnsureDeployedFunction", {"secretsmanager:GetSecretValue"}),
        ("UploadDatasetFunction", {"s3:GetObject", "secretsmanager:GetSecretValue"}),
        (
            "InterviewFunction",
            {
                "dynamodb:GetItem",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:PutObject",
                "secretsmanager:GetSecretValue",
            },
        ),
        ("StyleReportFunction", {"dynamodb:GetItem", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}),
        (
            "PreprocessFunction",
            {
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:PutObject",
                "sns:Publish",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "states:DescribeExecution",
                "states:SendTaskSuccess",
                "states:StartExecution",
            },
        ),
        (
            "LineFunction",
            {
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "states:SendTaskSuccess",
            },
        ),
        ("AskApprovalFunction", {"dynamodb:PutItem", "dynamodb:UpdateItem", "sns:Publish"}),
        ("CheckAccessFunction", {"secretsmanager:GetSecretValue"}),
        (
            "ManageFunction",
            {
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "s3:GetObject",
                "s3:ListBucket",
                "states:SendTaskSuccess",
                "states:StartExecution",
            },
        ),
        (
            "ExportsFunction",
            {
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutObject",
            },
        ),
        (
            "RemoveFunction",
            {
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                "s3:ListBucketVersions",
                "secretsmanager:GetSecretValue",
                "sns:Publish",
                "states:DescribeExecution",
                "states:SendTaskSuccess",
                "states:StopExecution",
            },
        ),
    ],
)
def test_each_function_may_do_what_it_does_and_no_more(
    expanded: dict[str, Any], function: str, allowed: set[str]
) -> None:
    found = {a for role, s in statements(expanded) if role == f"{function}Role" for a in actions_of(s)}
    assert found == allowed


def test_the_state_machine_may_call_its_functions_and_write_its_items(expanded: dict[str, Any]) -> None:
    granted = [s for role, s in statements(expanded) if role == "FineTuneStateMachineRole"]
    invoked = next(s["Resource"] for s in granted if actions_of(s) == {"lambda:InvokeFunction"})
    given = TEMPLATE["Resources"]["FineTuneStateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert {each["Fn::GetAtt"][0] for each in invoked} == {
        name for name in given if name.endswith("Function")
    }
    write = next(s for s in granted if actions_of(s) == {"dynamodb:UpdateItem"})
    assert write["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["versions#*", "personas", "turns"]}
    }
    looked_at = next(s for s in granted if actions_of(s) == {"dynamodb:Query"})
    assert looked_at["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["line"]}}
    assert {
        action for s in granted for action in actions_of(s) if not action.startswith(("logs:", "xray:"))
    } == {
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
        "events:PutEvents",
        "lambda:InvokeFunction",
        "sns:Publish",
        "states:StartExecution",
    }


def test_only_its_function_writes_reports_and_the_endpoint_shows_the_numbers_alone(
    expanded: dict[str, Any],
) -> None:
    granted = {
        role: statement["Resource"]
        for role, statement in statements(expanded)
        if "s3:GetObject" in actions_of(statement) and "datasets" in str(statement["Resource"])
    }
    assert granted["ManageFunctionRole"] == [
        {"Fn::Sub": f"${{Bucket.Arn}}/datasets/*/{report}.json"} for report in ("report", "style")
    ]
    assert granted["StyleReportFunctionRole"] == {"Fn::Sub": "${Bucket.Arn}/datasets/*"}
    writing = {
        role: statement["Resource"]["Fn::Sub"]
        for role, statement in statements(expanded)
        if "s3:PutObject" in actions_of(statement) and "datasets" in str(statement["Resource"])
    }
    assert writing == {
        "PreprocessFunctionRole": "${Bucket.Arn}/datasets/*",
        "InterviewFunctionRole": "${Bucket.Arn}/datasets/*/replies*.jsonl",
        "StyleReportFunctionRole": "${Bucket.Arn}/datasets/*/style.*",
    }
