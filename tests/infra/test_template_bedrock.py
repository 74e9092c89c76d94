"""What is added where the provider is Bedrock."""

from __future__ import annotations

from typing import Any

import pytest

from maltu.providers import bedrock
from tests.support.template import (
    FUNCTIONS,
    TEMPLATE,
    actions_of,
    of_type,
    statements,
    variables_of,
    with_bedrock,
)

CLEANS_UP_AT_BEDROCK = {
    "bedrock:ListModelCustomizationJobs",
    "bedrock:StopModelCustomizationJob",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ListBucketVersions",
}
REMOVES_FROM_BEDROCK = CLEANS_UP_AT_BEDROCK | {
    "bedrock:DeleteCustomModel",
    "bedrock:DeleteCustomModelDeployment",
    "bedrock:ListCustomModelDeployments",
    "bedrock:ListCustomModels",
}


@pytest.mark.parametrize(
    ("function", "added"),
    [
        ("AuthorizerFunction", set[str]()),
        ("PreprocessFunction", set[str]()),
        ("CheckAccessFunction", {"bedrock:GetFoundationModel"}),
        ("UploadDatasetFunction", {"s3:PutObject"}),
        (
            "CreateFineTuneFunction",
            {"bedrock:CreateModelCustomizationJob", "bedrock:ListModelCustomizationJobs", "iam:PassRole"},
        ),
        ("CheckStatusFunction", {"bedrock:GetModelCustomizationJob"}),
        (
            "EnsureDeployedFunction",
            {
                "bedrock:CreateCustomModelDeployment",
                "bedrock:DeleteCustomModelDeployment",
                "bedrock:GetCustomModelDeployment",
            },
        ),
        ("CleanUpFunction", CLEANS_UP_AT_BEDROCK),
        ("RemoveFunction", REMOVES_FROM_BEDROCK),
        ("CompletionFunction", {"bedrock:GetModelCustomizationJob", "bedrock:InvokeModel"}),
        ("ExportsFunction", set[str]()),
        ("KakaoFunction", set[str]()),
        ("KakaoAnswerFunction", {"bedrock:InvokeModel"}),
        ("InterviewFunction", {"bedrock:InvokeModel"}),
        ("StyleReportFunction", set[str]()),
    ],
)
def test_bedrock_adds_to_each_function_what_it_asks_of_bedrock(
    expanded: dict[str, Any], function: str, added: set[str]
) -> None:
    policies = [s for s in with_bedrock(expanded) if s not in statements(expanded)]
    assert {a for role, s in policies if role == f"{function}Role" for a in actions_of(s)} == added


def test_all_that_is_bedrocks_is_there_where_the_provider_is_bedrock() -> None:
    resources: dict[str, Any] = TEMPLATE["Resources"]
    of_bedrock = {name for name in resources if name.startswith("Bedrock")}
    assert of_bedrock
    assert {name for name, each in resources.items() if each.get("Condition") == "IsBedrock"} == of_bedrock
    assert TEMPLATE["Conditions"]["IsBedrock"] == {"Fn::Equals": [{"Ref": "Provider"}, "bedrock"]}
    asking = [name for name, each in FUNCTIONS.items() if "PROVIDER_SECRET_ARN" in variables_of(each)]
    assert len(asking) == 10
    for name in asking:
        given = variables_of(FUNCTIONS[name])["BEDROCK_ROLE_ARN"]
        assert given == {"Fn::If": ["IsBedrock", {"Fn::GetAtt": ["BedrockRole", "Arn"]}, ""]}, name
        assert variables_of(FUNCTIONS[name])["BUCKET_NAME"] == {"Ref": "Bucket"}, name


def test_bedrock_reads_and_writes_the_files_of_its_own_jobs_alone(expanded: dict[str, Any]) -> None:
    role = of_type(expanded, "AWS::IAM::Role")["BedrockRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"Service": "bedrock.amazonaws.com"}, "sts:AssumeRole")
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    source = trust["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    assert source.endswith(":${AWS::Region}:${AWS::AccountId}:model-customization-job/*")
    read, listed, written = (s for name, s in statements(expanded) if name == "BedrockRole")
    assert (read["Action"], read["Resource"]) == ("s3:GetObject", {"Fn::Sub": "${Bucket.Arn}/bedrock/*"})
    assert listed["Condition"] == {"StringLike": {"s3:prefix": "bedrock/*"}}
    assert written["Action"] == "s3:PutObject"
    assert written["Resource"] == {"Fn::Sub": f"${{Bucket.Arn}}/{bedrock.OUTPUT}/*"}
    assert bedrock.INPUT.startswith("bedrock/")


def test_bedrocks_role_is_passed_to_bedrock_alone(expanded: dict[str, Any]) -> None:
    (passed,) = (s for _, s in with_bedrock(expanded) if "iam:PassRole" in actions_of(s))
    assert passed["Resource"] == {"Fn::GetAtt": ["BedrockRole", "Arn"]}
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
