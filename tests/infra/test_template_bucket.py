"""How the bucket keeps what is in it, and who else may post to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.template import TEMPLATE, of_type


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


def test_a_browser_may_post_to_the_bucket_and_read_nothing_of_it(expanded: dict[str, Any]) -> None:
    (bucket,) = of_type(expanded, "AWS::S3::Bucket").values()
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::DynamoDB::Table"])
def test_what_holds_the_owners_data_survives_the_stack(kind: str) -> None:
    (resource,) = [r for r in TEMPLATE["Resources"].values() if r["Type"] == kind]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
