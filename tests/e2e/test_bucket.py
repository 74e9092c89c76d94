"""The bucket's own policy, as the local AWS endpoint decides it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from infra.local.stack import Stack
    from tests.support.deployed import Chain

pytestmark = pytest.mark.e2e

EVERY_BUCKET = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


def of_somebody(stack: Stack) -> S3Client:
    """A client of a user of the account who may do everything with every bucket."""
    iam = cast("Any", stack.aws.session).client("iam", endpoint_url=stack.aws.url)
    iam.create_user(UserName="somebody")
    iam.put_user_policy(UserName="somebody", PolicyName="s3", PolicyDocument=json.dumps(EVERY_BUCKET))
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    return boto3.client(
        "s3",
        endpoint_url=stack.aws.url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def test_the_bucket_keeps_chats_from_whoever_may_read_every_bucket(chain: Chain) -> None:
    bucket, somebody = chain.stack.bucket, of_somebody(chain.stack)
    somebody.put_object(Bucket=bucket, Key="notes.txt", Body=b"1")
    assert somebody.get_object(Bucket=bucket, Key="notes.txt")["Body"].read() == b"1"
    somebody.delete_object(Bucket=bucket, Key="notes.txt")
    # They may ask; whether there is anything, they are not even told.
    with pytest.raises(ClientError, match="NoSuchKey"):
        somebody.get_object(Bucket=bucket, Key="notes.txt")
    for prefix in ("exports", "datasets", "uploads", "bedrock"):
        with pytest.raises(ClientError, match="AccessDenied"):
            somebody.get_object(Bucket=bucket, Key=f"{prefix}/a")
    for prefix in ("datasets", "uploads", "bedrock"):
        with pytest.raises(ClientError, match="AccessDenied"):
            somebody.put_object(Bucket=bucket, Key=f"{prefix}/a", Body=b"1")
