"""Who gets at what is stored, whatever else an account allows; and whose key it is under."""

from __future__ import annotations

import fnmatch
import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from infra.conditions import decided
from tests.support.pages import DOCS, PAGES
from tests.support.statements import actions_of, roles_of
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNERS_KEY = {"Ref": "EncryptionKeyArn"}
# How each kind of resource that stores something is told whose key to use.
KEYS = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::S3::Bucket": (
        "BucketEncryption", "ServerSideEncryptionConfiguration", 0,
        "ServerSideEncryptionByDefault", "KMSMasterKeyID",
    ),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}  # fmt: skip
ROOT = "arn:aws:iam::111122223333:root"
OWNER = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0"
READER = "arn:aws:iam::111122223333:role/backup"
PREFIXES = ("exports", "datasets", "uploads", "bedrock")
READS, WRITES = ("s3:GetObject", "s3:GetObjectVersion"), ("s3:PutObject",)

Deployment = dict[str, bool]


def deployments() -> Iterator[Deployment]:
    for bedrock, kakao in itertools.product((False, True), repeat=2):
        yield {"IsBedrock": bedrock, "HasKakaoBot": kakao}


@pytest.fixture(params=deployments(), ids=str)
def chosen(request: pytest.FixtureRequest) -> Deployment:
    return request.param


def resources(**conditions: bool) -> dict[str, dict[str, Any]]:
    return decided(TEMPLATE, conditions)["Resources"]


def put_in(properties: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any part of a template
    for step in path:
        properties = properties[step]
    return properties


def test_with_a_key_of_the_owners_all_that_is_stored_is_under_it() -> None:
    stored = [each for each in resources(HasKey=True).values() if each["Type"] in KEYS]
    assert {each["Type"] for each in stored} == KEYS.keys()
    for resource in stored:
        assert put_in(resource["Properties"], KEYS[resource["Type"]]) == OWNERS_KEY, resource
    for queue in (each["Properties"] for each in stored if each["Type"] == "AWS::SQS::Queue"):
        # SQS takes one or the other.
        assert queue["SqsManagedSseEnabled"] is False


def test_without_one_all_of_it_is_under_aws_keys_and_no_role_asks_for_any() -> None:
    assert TEMPLATE["Parameters"]["EncryptionKeyArn"]["Default"] == ""
    there = resources(HasKey=False)
    said = json.dumps([each.get("Properties") for each in there.values()])
    assert "EncryptionKeyArn" not in said
    assert "kms:" not in said
    (encryption,) = there["Bucket"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert there["Table"]["Properties"]["SSESpecification"]["SSEEnabled"]
    assert there["Drops"]["Properties"]["SqsManagedSseEnabled"] is True


def test_the_ready_policy_of_a_key_lets_in_the_services_that_ask_it_for_themselves() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGES[DOCS / "security.md"].text, re.DOTALL)
    policy = json.loads(text)
    services = {
        each["Principal"]["Service"]: set(actions_of(each))
        for each in policy["Statement"]
        if "Service" in each["Principal"]
    }
    used = {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert services.keys() == {
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
        "logs.REGION.amazonaws.com",
    }
    assert all(used <= actions for actions in services.values())
    # Roles may use it by what stands in their own policies.
    (account,) = (each for each in policy["Statement"] if "AWS" in each["Principal"])
    assert account["Principal"]["AWS"].endswith(":root")


def spared(statement: dict[str, Any]) -> list[str]:
    """Give whom a statement does not keep out: roles of the stack by their logical names."""
    others = statement["Condition"].get("StringNotLike", {}).get("aws:PrincipalArn")
    assert others in (None, {"Ref": "ChatReaders"})
    named = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    return [each["Fn::GetAtt"][0] if "Fn::GetAtt" in each else ROOT for each in named] + [READER] * bool(
        others
    )


def denied(who: str, action: str, resource: str, there: dict[str, Any]) -> bool:
    """Whether the bucket's policy keeps somebody from something over TLS."""
    for statement in there["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]:
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        if statement["Sid"] == "TlsOnly" or action not in actions_of(statement):
            continue
        about = statement["Resource"]["Fn::Sub"].replace("${Bucket.Arn}", "bucket")
        if fnmatch.fnmatchcase(resource, about) and who not in spared(statement):
            return True
    return False


def may_touch(there: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Give who may read or write which files by their own roles."""
    return {
        (f"{party}Role", action, prefix)
        for party, statement in roles_of(there)
        for action in actions_of(statement)
        for prefix in PREFIXES
        if action in {*READS, *WRITES} and f"/{prefix}/" in json.dumps(statement["Resource"])
    }


def test_chats_are_read_and_made_by_the_roles_that_need_to_and_by_nobody_else(chosen: Deployment) -> None:
    there = resources(HasKey=False, **chosen)
    needed = may_touch(there)
    everybody = {OWNER, *(f"{party}Role" for party, _ in roles_of(there))}
    assert len(everybody) > 15
    for who, action, prefix in itertools.product(everybody, (*READS, *WRITES), PREFIXES):
        if (action, prefix) == ("s3:PutObject", "exports"):
            continue
        if (who, action, prefix) in needed:
            assert not denied(who, action, f"bucket/{prefix}/a", there), (who, action, prefix)
        elif (who, action.removesuffix("Version"), prefix) not in needed and prefix != "bedrock":
            assert denied(who, action, f"bucket/{prefix}/a", there), (who, action, prefix)
        elif prefix == "bedrock":
            about_jobs = {each for each, _, touched in needed if touched == "bedrock"}
            assert who in about_jobs or denied(who, action, "bucket/bedrock/a", there)


def test_an_owner_drops_exports_empties_the_bucket_and_is_never_locked_out(chosen: Deployment) -> None:
    there = resources(HasKey=False, **chosen)
    assert not denied(OWNER, "s3:PutObject", "bucket/exports/하준/a.csv", there)
    for prefix in PREFIXES:
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"):
            assert not denied(OWNER, action, f"bucket/{prefix}/a", there)
        for action in (*READS, *WRITES):
            assert not denied(ROOT, action, f"bucket/{prefix}/a", there)
    for action in ("s3:DeleteBucketPolicy", "s3:PutBucketPolicy", "s3:ListBucket", "s3:DeleteBucket"):
        assert not denied(OWNER, action, "bucket", there)


def test_whom_an_owner_names_may_read_chats_and_make_none(chosen: Deployment) -> None:
    there = resources(HasKey=False, **chosen)
    assert TEMPLATE["Parameters"]["ChatReaders"]["Default"] == "nobody"
    for action in READS:
        kept_out = {each for each in PREFIXES if denied(READER, action, f"bucket/{each}/a", there)}
        assert kept_out == {"uploads", "bedrock"}
    assert denied(READER, "s3:PutObject", "bucket/datasets/a", there)


def test_every_check_that_is_skipped_says_why() -> None:
    skipped = [
        each
        for resource in TEMPLATE["Resources"].values()
        for each in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert {each["id"] for each in skipped} >= {"CKV_AWS_18", "CKV_AWS_117", "CKV_AWS_158"}
    assert all(len(each["comment"]) > 40 for each in skipped)
