"""What the local AWS endpoint cannot show, asserted on the template as it expands."""

from __future__ import annotations

import fnmatch
import json
import re
from typing import Any

import pytest

from infra.conditions import decided
from maltu import answering, aws_json, callbacks, deployment, interview, patience, preview
from maltu.providers import HURRIED_SECONDS, bedrock, bedrock_inference, openai_inference
from tests.support.cloud import TEMPLATE
from tests.support.expanding import expanded
from tests.support.handlers import ROOT

FUNCTIONS = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


@pytest.fixture(scope="module", name="expanded")
def expanded_template() -> dict[str, Any]:
    return decided(expanded(), {"HasKey": False})


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
    actions = statement["Action"]
    return {actions} if isinstance(actions, str) else set(actions)


# Kakao can send a header of one's own choice and no key: its function compares the header with a secret. The
# page and the API's description are the same for everybody and hold nothing of anybody's.
KAKAO = ("/kakao/{persona}", "post")
PAGE = {("/", "get"), ("/static/{file+}", "get"), ("/v1/openapi.json", "get")}
WITHOUT_KEY = {KAKAO, *PAGE}


def test_every_route_but_kakaos_and_the_pages_asks_for_a_key(expanded: dict[str, Any]) -> None:
    (api,) = of_type(expanded, "AWS::ApiGateway::RestApi").values()
    methods = [
        (path, verb, method) for path, verbs in api["Body"]["paths"].items() for verb, method in verbs.items()
    ]
    assert {(path, verb) for path, verb, _ in methods} == {
        ("/v1/chat/completions", "post"),
        ("/v1/completions", "post"),
        ("/v1/models", "get"),
        ("/v1/models/base", "get"),
        ("/v1/models/{model}", "get"),
        ("/v1/exports", "post"),
        ("/v1/exports/{export}", "get"),
        ("/v1/personas", "get"),
        ("/v1/personas/{persona}", "get"),
        ("/v1/personas/{persona}/exports", "post"),
        ("/v1/personas/{persona}/versions/{version}/report", "get"),
        ("/v1/personas/{persona}", "delete"),
        ("/v1/personas/{persona}/versions/{version}/promote", "post"),
        ("/v1/personas/{persona}/versions/{version}/style", "get"),
        ("/v1/personas/{persona}/rollback", "post"),
        ("/v1/personas/{persona}/runs/{run}/approve", "post"),
        ("/v1/personas/{persona}/runs/{run}/reject", "post"),
        ("/v1/personas/{persona}/runs/{run}/cancel", "post"),
        ("/v1/removals/{removal}", "get"),
        ("/v1/keys", "get"),
        ("/v1/keys/self", "get"),
        ("/v1/keys", "post"),
        ("/v1/keys/{key}", "delete"),
        *WITHOUT_KEY,
    }
    for path, verb, method in methods:
        if (path, verb) in WITHOUT_KEY:
            # So SAM says that a method has no authorizer.
            assert method["security"] == [{"NONE": []}]
            continue
        assert method["security"] == [{"KeyAuthorizer": []}], (path, verb)


def test_the_authorizer_is_asked_every_time_so_that_a_revoked_key_is_refused_at_once(
    expanded: dict[str, Any],
) -> None:
    (api,) = of_type(expanded, "AWS::ApiGateway::RestApi").values()
    authorizer = api["Body"]["securityDefinitions"]["KeyAuthorizer"]["x-amazon-apigateway-authorizer"]
    assert authorizer["authorizerResultTtlInSeconds"] == 0
    assert authorizer["identitySource"] == "context.requestId"


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


def reaches(statement: dict[str, Any], partition: str) -> bool:
    """Whether a statement lets somebody at items of a partition."""
    (conditions,) = statement["Condition"].values()
    return any(fnmatch.fnmatchcase(partition, key) for key in conditions["dynamodb:LeadingKeys"])


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


def test_the_gateways_own_answers_are_in_the_envelope(expanded: dict[str, Any]) -> None:
    (api,) = of_type(expanded, "AWS::ApiGateway::RestApi").values()
    answers = api["Body"]["x-amazon-apigateway-gateway-responses"]
    statuses = {name: int(answer["statusCode"]) for name, answer in answers.items() if "statusCode" in answer}
    assert statuses == {
        "UNAUTHORIZED": 401,
        "ACCESS_DENIED": 401,
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "THROTTLED": 429,
        "REQUEST_TOO_LARGE": 413,
        "INTEGRATION_TIMEOUT": 504,
    }
    for answer in answers.values():
        text = answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"m"')
        assert json.loads(text)["error"].keys() == {"message", "type", "param", "code"}


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


def variables_of(function: dict[str, Any]) -> dict[str, Any]:
    return function["Environment"]["Variables"]


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


def test_exports_are_private_encrypted_versioned_and_only_reached_over_tls(expanded: dict[str, Any]) -> None:
    (bucket,) = of_type(expanded, "AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert {rule["Id"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {
        "datasets-are-made-again-from-exports", "files-of-jobs-are-copies",
        "uploads-are-dropped-or-go", "replaced-and-deleted-versions-go", "broken-uploads-go",
    }  # fmt: skip
    assert not [
        r for r in bucket["LifecycleConfiguration"]["Rules"] if r.get("Prefix", "").startswith("exports")
    ]
    (policy,) = of_type(expanded, "AWS::S3::BucketPolicy").values()
    (deny,) = (each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == "TlsOnly")
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_an_upload_that_nobody_drops_is_gone_after_a_day_with_all_its_versions(
    expanded: dict[str, Any],
) -> None:
    (bucket,) = of_type(expanded, "AWS::S3::Bucket").values()
    rules = bucket["LifecycleConfiguration"]["Rules"]
    (uploads,) = (rule for rule in rules if rule.get("Prefix") == "uploads/")
    assert (uploads["Status"], uploads["ExpirationInDays"]) == ("Enabled", 1)
    assert uploads["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_another_pages_browser_may_post_a_signed_form_and_nothing_else(expanded: dict[str, Any]) -> None:
    (bucket,) = of_type(expanded, "AWS::S3::Bucket").values()
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert (rule["AllowedMethods"], rule["AllowedOrigins"]) == (["POST"], ["*"])
    assert "ExposedHeaders" not in rule


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


# A persona's name, and since when; not which version is live.
KNOWN = {"dynamodb:LeadingKeys": ["personas"], "dynamodb:Attributes": ["pk", "sk", "created_at"]}


def test_preprocessing_makes_personas_known_and_none_live(expanded: dict[str, Any]) -> None:
    granted = [s for role, s in statements(expanded) if role == "PreprocessFunctionRole"]
    (known,) = (s for s in granted if "personas" in str(s.get("Condition")))
    assert known["Action"] == "dynamodb:UpdateItem"
    assert known["Condition"]["ForAllValues:StringEquals"] == KNOWN


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::DynamoDB::Table"])
def test_what_holds_the_owners_data_survives_the_stack(kind: str) -> None:
    (resource,) = [r for r in TEMPLATE["Resources"].values() if r["Type"] == kind]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


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


def test_a_drop_that_is_looked_at_is_not_handed_out_again() -> None:
    queue = TEMPLATE["Resources"]["Drops"]["Properties"]
    assert queue["VisibilityTimeout"] > FUNCTIONS["PreprocessFunction"]["Timeout"]


def test_a_removal_looks_again_once_nothing_can_be_under_way() -> None:
    longest = max(function.get("Timeout", 30) for function in FUNCTIONS.values())
    assert TEMPLATE["Parameters"]["SettleSeconds"]["Default"] > longest


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


def test_a_caller_hears_of_a_slow_provider_from_us() -> None:
    gateway_seconds = 29
    for adapter in (openai_inference, bedrock_inference):
        assert adapter.CONNECT_SECONDS < adapter.ANSWER_SECONDS < patience.SECONDS
    # Reading the registry and the key comes before, and a cold start counts as well.
    assert patience.SECONDS + 3 < FUNCTIONS["CompletionFunction"]["Timeout"] < gateway_seconds
    # A job and its events are two questions.
    assert FUNCTIONS["CompletionFunction"]["Timeout"] > 2 * HURRIED_SECONDS
    assert preview.READING_SECONDS < FUNCTIONS["ExportsFunction"]["Timeout"] - 8 < gateway_seconds


def test_a_caller_hears_of_a_silent_aws_from_us() -> None:
    wait = aws_json.BRIEF
    pauses = sum(aws_json.PAUSE_SECONDS * 2**tried for tried in range(wait.tries - 1))
    silent = wait.tries * (wait.connect + wait.read) + pauses
    # The shortest of those in which somebody waits.
    assert silent < min(
        FUNCTIONS[f"{name}Function"]["Timeout"] for name in ("Authorizer", "Completion", "Kakao")
    )


def test_an_interview_is_done_in_its_functions_time() -> None:
    # The new model and the one that it was tuned from; before, the questions are read.
    asking = 2 * (interview.SECONDS + deployment.PATIENT_SECONDS)
    assert asking + 60 < FUNCTIONS["InterviewFunction"]["Timeout"]


def test_who_waits_for_slow_answers_is_small_and_who_measures_them_asks_nobody() -> None:
    asking, measuring = (FUNCTIONS[f"{name}Function"] for name in ("Interview", "StyleReport"))
    assert 8 * asking["MemorySize"] <= measuring["MemorySize"]
    assert not [name for name in variables_of(measuring) if name.startswith("PROVIDER")]


def test_what_is_reached_without_a_key_holds_no_provider_key_and_calls_one_function(
    expanded: dict[str, Any],
) -> None:
    granted = [statement for role, statement in statements(expanded) if role == "KakaoFunctionRole"]
    assert [(s["Action"], s["Resource"]) for s in granted] == [
        ("secretsmanager:GetSecretValue", {"Ref": "KakaoSecret"}),
        ("lambda:InvokeFunction", {"Fn::GetAtt": ["KakaoAnswerFunction", "Arn"]}),
    ]
    throttles = decided(TEMPLATE, {"HasKakaoBot": True})["Resources"]["Api"]["Properties"]["MethodSettings"]
    (kakaos,) = (each for each in throttles if each["ResourcePath"] == "/~1kakao~1{persona}")
    assert 0 < kakaos["ThrottlingRateLimit"] < throttles[0]["ThrottlingRateLimit"]


def test_all_that_is_kakaos_is_there_where_the_bot_is_on() -> None:
    assert TEMPLATE["Conditions"]["HasKakaoBot"] == {"Fn::Equals": [{"Ref": "KakaoBot"}, "on"]}
    assert TEMPLATE["Parameters"]["KakaoBot"]["Default"] == "off"
    there, gone = (decided(TEMPLATE, {"HasKakaoBot": on}) for on in (True, False))
    for section, names in (
        ("Resources", {"KakaoSecret", "KakaoFunction", "KakaoAnswerFunction", "CallbacksLostAlarm"}),
        ("Outputs", {"KakaoUrl", "KakaoSecretArn"}),
    ):
        assert there[section].keys() - gone[section].keys() == names
    assert "kakao" not in json.dumps({**gone, "Parameters": {}, "Conditions": {}}).casefold()


def test_the_pages_function_may_do_nothing_and_what_it_serves_costs_little(expanded: dict[str, Any]) -> None:
    assert not [role for role, _ in with_bedrock(expanded) if role == "PageFunctionRole"]
    throttles = decided(TEMPLATE, {"HasKakaoBot": False})["Resources"]["Api"]["Properties"]["MethodSettings"]
    limited = {
        each["ResourcePath"].replace("/~1", "/").replace("~1", "/"): each["ThrottlingRateLimit"]
        for each in throttles
        if each["HttpMethod"] == "GET"
    }
    assert limited.keys() == {path for path, _ in PAGE}
    assert all(0 < limit <= throttles[0]["ThrottlingRateLimit"] for limit in limited.values())


def test_a_browser_may_post_to_the_bucket_and_read_nothing_of_it(expanded: dict[str, Any]) -> None:
    (bucket,) = of_type(expanded, "AWS::S3::Bucket").values()
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]


def test_kakaos_answer_is_paid_once_ends_within_its_minute_and_chat_text_waits_in_no_queue(
    expanded: dict[str, Any],
) -> None:
    (config,) = of_type(expanded, "AWS::Lambda::EventInvokeConfig").values()
    assert config["FunctionName"] == {"Ref": "KakaoAnswerFunction"}
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (0, 60)
    assert not config.get("DestinationConfig")
    posted = patience.SECONDS + callbacks.POST_SECONDS
    assert posted < FUNCTIONS["KakaoAnswerFunction"]["Timeout"] < 60
    waited = answering.PATIENCE.read + answering.PATIENCE.connect
    assert waited < 5 < FUNCTIONS["KakaoFunction"]["Timeout"]


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


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_its_folder_and_a_sample_event(name: str) -> None:
    words = name.removesuffix("Function")
    folder = "".join(f"_{char.lower()}" if char.isupper() else char for char in words).lstrip("_")
    assert (ROOT / "functions" / folder / "app.py").exists()
    assert json.loads((ROOT / "events" / f"{folder}.json").read_text("utf-8"))
