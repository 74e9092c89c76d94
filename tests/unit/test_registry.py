from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from maltu.aws_json import BRIEF, DYNAMODB, Client
from maltu.registry import Attempt, Registry
from maltu.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def registry() -> Iterator[Registry]:
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield Registry(Table(Client(DYNAMODB, BRIEF), "t"))


def number(attempt: Attempt | None) -> int | None:
    return None if attempt is None else attempt.number


def running(_: str) -> str:
    return "RUNNING"


def test_the_same_exports_make_the_same_version(registry: Registry) -> None:
    assert registry.claim_version("p", "identity", "v1") == "v1"
    assert registry.claim_version("p", "identity", "v2") == "v1"
    assert registry.claim_version("p", "other", "v2") == "v2"
    assert registry.claim_version("q", "identity", "v3") == "v3"


def test_a_drop_delivered_again_while_it_is_prepared_joins_its_attempt(registry: Registry) -> None:
    assert number(registry.begin("p", "v", "drop", {}, run_status=running)) == 1
    assert number(registry.begin("p", "v", "drop", {}, run_status=running)) == 1
    assert number(registry.begin("p", "v", "another", {}, run_status=running)) == 1


def test_a_failure_is_final_for_its_drop_and_open_for_the_next(registry: Registry) -> None:
    registry.begin("p", "v", "drop", {}, run_status=running)
    registry.record_failure("p", "v", error="TrainingFailed", reason="the provider's reason")
    assert registry.begin("p", "v", "drop", {}, run_status=running) is None
    assert number(registry.begin("p", "v", "second", {}, run_status=running)) == 2
    item = registry.version("p", "v")
    assert item is not None
    assert (item["status"], item["attempt"], "failure" in item) == ("preparing", 2, False)
    assert [entry["state"] for entry in item["timeline"]] == ["preparing", "failed", "preparing"]


def test_what_broke_off_is_taken_up_by_the_same_drop(registry: Registry) -> None:
    registry.begin("p", "v", "drop", {}, run_status=running)
    registry.record_failure("p", "v", error="InternalError", reason="broke off")
    assert number(registry.begin("p", "v", "drop", {}, run_status=running)) == 1


def test_a_version_under_way_or_done_is_left_alone(registry: Registry) -> None:
    registry.begin("p", "v", "drop", {}, run_status=running)
    for status in ("uploading", "training", "deploying", "succeeded"):
        registry.record_dataset("p", "v", {"status": status})
        assert registry.begin("p", "v", "drop", {}, run_status=running) is None
        assert registry.begin("p", "v", "another", {}, run_status=running) is None


@pytest.mark.parametrize("status", ["uploading", "training", "deploying"])
@pytest.mark.parametrize("ended", ["FAILED", "TIMED_OUT", "ABORTED", None])
def test_a_run_that_could_not_record_its_end_is_open_for_the_next_drop(
    registry: Registry, status: str, ended: str | None
) -> None:
    registry.begin("p", "v", "drop", {}, run_status=running)
    registry.record_dataset("p", "v", {"status": status})
    assert registry.begin("p", "v", "drop", {}, run_status=lambda _: ended) is None
    assert number(registry.begin("p", "v", "another", {}, run_status=lambda _: ended)) == 2


def test_a_version_that_is_done_stays_done_when_its_execution_is_forgotten(registry: Registry) -> None:
    registry.begin("p", "v", "drop", {}, run_status=running)
    registry.record_dataset("p", "v", {"status": "succeeded"})
    assert registry.begin("p", "v", "another", {}, run_status=lambda _: None) is None
    assert registry.begin("p", "v", "another", {}, run_status=lambda _: "SUCCEEDED") is None


def test_numbers_come_back_as_they_went_in(registry: Registry) -> None:
    registry.begin("p", "v", "drop", {}, run_status=running)
    report: dict[str, object] = {
        "usd": 0.1,
        "tokens": 12,
        "list": [1, 2.5, None, True],
        "empty": {},
        "name": "하준",
    }
    registry.record_dataset("p", "v", {"report": report, "settings": {"stop": ""}})
    item = registry.version("p", "v")
    assert item is not None
    assert item["report"] == report
    assert item["settings"] == {"stop": ""}


def test_versions_come_newest_first(registry: Registry) -> None:
    for name in ("20260101t000000-a", "20260301t000000-c", "20260201t000000-b"):
        registry.begin("p", name, "drop", {}, run_status=running)
    assert [item["version"] for item in registry.versions("p", limit=2)] == [
        "20260301t000000-c",
        "20260201t000000-b",
    ]


def test_nothing_is_written_to_a_version_that_does_not_exist(registry: Registry) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        registry.record_failure("p", "nowhere", error="X", reason="y")
