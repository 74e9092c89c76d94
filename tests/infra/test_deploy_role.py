"""Who may deploy may do what CloudFormation does for this template, and can read nothing that is kept."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

import pytest
from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # it has no types

from infra import deploy
from infra.template import read_template
from tests.support.expanding import expanded
from tests.support.pages import ROOT
from tests.support.statements import actions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = read_template(ROOT / "infra" / "deploy_role.yaml")
POLICIES = [ROLE["Resources"][name]["Properties"] for name in ("DeployPolicy", "DataPolicy")]
STATEMENTS = [each for policy in POLICIES for each in policy["PolicyDocument"]["Statement"]]
# Characters of a managed policy, white space not counted.
LARGEST = 6_144

# What CloudFormation would call for features that the template does not use.
UNUSED = (
    "dynamodb:*Item", "dynamodb:*Replica", "dynamodb:*KinesisStreamingDestination",
    "dynamodb:ImportTable", "dynamodb:*ResourcePolicy", "dynamodb:UpdateContributorInsights",
    "dynamodb:Query", "dynamodb:Scan", "ec2:*", "elasticfilesystem:*", "firehose:*", "kinesis:*",
    "kms:ListAliases", "s3files:*", "s3tables:*", "iam:CreateServiceLinkedRole", "iam:*Group*", "iam:*User*",
    "iam:*PermissionsBoundary", "lambda:AssociateRuntimeAlias", "lambda:*CodeSigningConfig",
    "lambda:*Concurrency", "lambda:PassCapacityProvider", "lambda:PublishVersion",
    "lambda:Put*RecursionConfig", "lambda:Put*ScalingConfig", "lambda:PutRuntime*",
    "logs:*DataProtectionPolicy", "logs:*IndexPolicy", "logs:*BearerToken*", "logs:*Protection",
    "logs:CreateLogStream", "logs:PutLogEvents", "s3:*Metadata*", "s3:*Replication*", "s3:*Website",
    "s3:*Analytics*", "s3:*Metrics*", "s3:*Inventory*", "s3:*IntelligentTiering*",
    "s3:*ObjectLock*", "s3:*Accelerate*", "s3:*Abac", "s3:*Acl", "s3:PutBucketLogging",
    "s3:*Object*", "s3:DeleteBucketCors", "s3:DeleteBucketEncryption", "s3:DeleteBucketLifecycle",
    "s3:REST.*", "secretsmanager:GetSecretValue", "secretsmanager:Re*Region*",
    "sns:PutDataProtectionPolicy",
)  # fmt: skip

# What reads what people have dropped, said or set, or acts in their name.
NEVER = (
    "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:ExportTableToPointInTime",
    "lambda:InvokeFunction", "logs:GetLogEvents", "logs:FilterLogEvents", "s3:DeleteObject",
    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "sqs:ReceiveMessage",
    "states:GetExecutionHistory", "states:StartExecution", "iam:CreateUser", "iam:CreateAccessKey",
    "iam:PutUserPolicy", "cloudformation:DeleteStack",
)  # fmt: skip


def allowed(action: str) -> bool:
    return any(fnmatchcase(action.lower(), each.lower()) for one in STATEMENTS for each in actions_of(one))


def called() -> Iterator[str]:
    """Name what CloudFormation calls to create, read, change and delete what the template expands to."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415 - no other test needs it, and it takes long

    for kind in {resource["Type"] for resource in expanded().values()}:
        known = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind)
        handlers = cast("dict[str, Any]", known.schema["handlers"])
        for name in ("create", "read", "update", "delete"):
            yield from handlers.get(name, {}).get("permissions", [])


def test_it_may_do_what_cloudformation_does_for_the_template() -> None:
    needed = {action for action in called() if not any(fnmatchcase(action, each) for each in UNUSED)}
    assert len(needed) > 80
    assert {action for action in needed if not allowed(action)} == set()


def test_it_reads_nothing_that_is_kept() -> None:
    assert {action for action in NEVER if allowed(action)} == set()
    of_objects = [each for each in STATEMENTS if {"s3:GetObject", "s3:PutObject"} & set(actions_of(each))]
    (resources,) = (json.dumps(each["Resource"]) for each in of_objects)
    assert "aws-sam-cli-managed-default-" in resources
    assert "${Stack}" not in resources


def test_it_holds_no_more_than_it_must() -> None:
    for statement in STATEMENTS:
        assert not {"*", "iam:*"} & set(actions_of(statement))
        if statement["Resource"] == "*":
            services = {action.partition(":")[0] for action in actions_of(statement)}
            assert services == {"bedrock", "cloudformation", "lambda", "logs", "secretsmanager"}
    for policy in POLICIES:
        text = json.dumps(policy["PolicyDocument"], separators=(",", ":")).replace('{"Fn::Sub":', "")
        assert len(text) < LARGEST


def test_it_attaches_what_the_template_attaches() -> None:
    (attaches,) = (each for each in STATEMENTS if "iam:AttachRolePolicy" in actions_of(each))
    allowed_policies = json.dumps(attaches["Condition"])
    roles = [each for each in expanded().values() if each["Type"] == "AWS::IAM::Role"]
    attached = [json.dumps(arn) for role in roles for arn in role["Properties"].get("ManagedPolicyArns", [])]
    assert attached
    for arn in attached:
        assert arn.strip('"}').rpartition("/")[2] in allowed_policies


def test_what_has_no_name_of_the_stacks_is_named() -> None:
    resources = json.dumps([each["Resource"] for each in STATEMENTS])
    own_names = (
        "AWS::SecretsManager::Secret",
        "AWS::StepFunctions::StateMachine",
        "AWS::Lambda::LayerVersion",
    )
    for name, resource in expanded().items():
        if resource["Type"] == own_names[2]:
            assert f":layer:{resource['Properties']['LayerName']}" in resources
        elif resource["Type"] in own_names and "StateMachineName" not in resource["Properties"]:
            assert f":{name}-*" in resources, name


def test_only_a_job_in_an_environment_may_take_the_role() -> None:
    (statement,) = ROLE["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    equals = statement["Condition"].pop("StringEquals")
    assert statement["Condition"] == {}
    assert equals.pop("token.actions.githubusercontent.com:aud") == "sts.amazonaws.com"
    subjects = equals.pop("token.actions.githubusercontent.com:sub")
    assert equals == {}
    named = [subject["Fn::Sub"] for subject in subjects]
    assert named == [f"repo:${{Repository}}:environment:{provider}" for provider in deploy.PROVIDERS]


@pytest.mark.parametrize("workflow", ["check", "deploy"])
def test_jobs_hold_what_they_need(workflow: str) -> None:
    read: dict[str, Any] = yaml_parse((ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text("utf-8"))
    for job in read["jobs"].values():
        assert job["permissions"] == {"contents": "read"} | (
            {"id-token": "write"} if workflow == "deploy" else {}
        )
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
