"""What people said stands in the bucket and at the provider, and in nothing that a run tells or leaves."""

from __future__ import annotations

import json
import re
import traceback
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import boto3
import pytest

from tests.support.cloud import BUCKET, TABLE
from tests.support.dialogues import START, export
from tests.support.faults import Fault
from tests.support.logs import everything_logged, lines_logged
from tests.support.metrics import group_of, points
from tests.support.posting import post_form
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.chain import Chain
    from tests.support.cloud import Cloud

MARKERS = ("새벽세시수박", "watermelon at midnight")
SAID = " ".join(MARKERS)
PERSONA = "/v1/personas/하준"
FILE = "KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
CHAT = "/v1/chat/completions"
# What the runtime logs of its own accord; clients log whole requests below it, which Lambda's runtime drops.
OF_ALL = re.compile("'levelname': '(?:INFO|WARNING|ERROR|CRITICAL)'")


def marked() -> str:
    """An export in which both say the markers."""
    return export().replace("누워있음", SAID).replace("비 온대!", f"{SAID}?")


def told_of(text: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text]


class Told:
    """What can be heard and read of a chain by whoever may not read its bucket."""

    def __init__(self, cloud: Cloud, logged: list[str], lines: list[dict[str, Any]]) -> None:
        self.cloud = cloud
        self.answers: list[Any] = []
        self.raised: list[str] = []
        self._logged = logged
        self.lines = lines
        sqs = boto3.client("sqs")
        self._bus = sqs.create_queue(QueueName="bus")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._bus, AttributeNames=["QueueArn"])
        events = cast("Any", boto3.client("events"))
        events.put_rule(Name="all", EventPattern=json.dumps({"source": ["maltu"]}))
        events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}])

    def everything(self) -> dict[str, str]:
        """A text for each place."""
        told = {
            "answers": self.answers,
            "raised": self.raised,
            "logs": [line for line in self._logged if "'name': 'maltu'" in line or OF_ALL.search(line)],
            "lines": self.lines,
            "metrics": list(points(self._by_group(events := list(self._events())))),
            "registry": boto3.client("dynamodb").scan(TableName=TABLE)["Items"],
            "notifications": self.cloud.notifications(),
            "events": events,
            "executions": list(self._executions()),
            "unhandled drops": self.cloud.unhandled,
            "keys and metadata": [about for about, _ in objects()],
        }
        return {place: json.dumps(each, ensure_ascii=False, default=str) for place, each in told.items()}

    def _by_group(self, events: list[str]) -> dict[str, list[dict[str, Any]]]:
        """What is told in each log group, how runs ended included."""
        groups: dict[str, list[dict[str, Any]]] = {"RunLogs": [json.loads(event) for event in events]}
        for line in self.lines:
            groups.setdefault(group_of(line["function_name"]), []).append(line)
        return groups

    def _events(self) -> Iterator[str]:
        sqs = boto3.client("sqs")
        while batch := sqs.receive_message(QueueUrl=self._bus, MaxNumberOfMessages=10).get("Messages"):
            yield from (each.get("Body", "") for each in batch)

    def _executions(self) -> Iterator[Any]:
        sfn = boto3.client("stepfunctions")
        for machine in (self.cloud.state_machine, self.cloud.removal_machine):
            for each in sfn.list_executions(stateMachineArn=machine)["executions"]:
                yield sfn.describe_execution(executionArn=each["executionArn"])
                yield sfn.get_execution_history(executionArn=each["executionArn"], maxResults=1000)["events"]


def objects() -> Iterator[tuple[dict[str, Any], str]]:
    """Every version of every object: its key and metadata, and what it holds."""
    s3 = boto3.client("s3")
    for each in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
        key, version = each.get("Key", ""), each.get("VersionId", "")
        found = s3.get_object(Bucket=BUCKET, Key=key, VersionId=version)
        yield {"key": key, "metadata": found["Metadata"]}, found["Body"].read().decode("utf-8", "replace")


@pytest.fixture
def told(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    with everything_logged(monkeypatch) as logged, lines_logged(monkeypatch) as lines:
        yield Told(chain.cloud, logged, lines)


def until_waiting(cloud: Cloud) -> dict[str, Any]:
    until(lambda: cloud.version("하준")["status"] == "awaiting_approval")
    return cloud.version("하준")


def test_what_was_said_is_nowhere_but_in_the_bucket_and_at_the_provider(chain: Chain, told: Told) -> None:
    cloud = chain.cloud
    offer = cloud.post("/v1/exports", {"file_name": FILE, "bytes": 1})[1]
    assert post_form(offer["upload"], marked().encode()) in {200, 204}
    status, preview = cloud.get(f"/v1/exports/{offer['export']}")
    assert (status, preview["messages"]) == (200, 57)
    drop = cloud.post(f"{PERSONA}/exports", {"export": offer["export"], "speaker": "하준"})[1]
    metadata = boto3.client("s3").head_object(Bucket=BUCKET, Key=drop["key"])["Metadata"]
    cloud.drop(drop["key"], marked(), **metadata)
    waiting = until_waiting(cloud)
    told.answers += [preview, cloud.get(PERSONA), cloud.get("/v1/personas")]
    report = cloud.get(f"{PERSONA}/versions/{waiting['version']}/report")[1]
    assert told_of(json.dumps(report, ensure_ascii=False)) == list(MARKERS), "its owner's look before a yes"
    told.answers.append(cloud.post(f"{PERSONA}/runs/{waiting['run']}/approve"))
    (run,) = cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    for path, asked in (
        (CHAT, {"messages": [{"role": "user", "content": SAID}]}),
        (CHAT, {"messages": [{"role": "user", "content": SAID}], "temperature": SAID}),
        (CHAT, {"model": SAID, "messages": [{"role": "user", "content": "뭐해?"}]}),
        ("/v1/completions", {"prompt": f"{SAID}?"}),
    ):
        cloud.post(path, {"model": "하준", **asked})
    chain.wire.faults.append(Fault("POST", "/chat/completions", status=400, message=SAID))
    refused = cloud.post(CHAT, {"model": "하준", "messages": [{"role": "user", "content": SAID}]})
    assert refused[0] == 502
    told.answers += [refused, cloud.get(PERSONA), cloud.get("/v1/models")]
    everything = told.everything()
    assert all(len(text) > len("[]") for place, text in everything.items() if place in {
        "answers", "logs", "lines", "metrics", "registry", "notifications", "events", "executions",
        "keys and metadata",
    })  # fmt: skip
    assert {place: found for place, text in everything.items() if (found := told_of(text))} == {}
    holding = {about["key"].split("/")[0] for about, content in objects() if told_of(content)}
    assert holding == {"exports", "datasets"}, "the upload went with its drop"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/files", 'Line 3 of train.jsonl is refused: {"role": "user", "content": "%s"}'),
        ("/jobs", "Example 2 was found unsafe: '%s'"),
        ("/jobs", "Example 2 was found unsafe: “%s”"),
    ],
)
def test_a_provider_that_quotes_what_was_said_is_not_repeated(
    chain: Chain, told: Told, path: str, message: str
) -> None:
    chain.wire.faults.append(Fault("POST", path, status=400, message=message % SAID, times=99))
    chain.cloud.drop(f"exports/하준/{FILE}", marked())
    (run,) = chain.cloud.finish()
    assert run.get("error") == "ProviderRejected"
    told.answers.append(chain.cloud.get(PERSONA))
    everything = told.everything()
    assert "The provider answered 400 (400: " in everything["notifications"]
    assert {place: found for place, text in everything.items() if (found := told_of(text))} == {}


def test_what_cannot_be_read_or_breaks_its_reader_is_not_repeated(
    chain: Chain, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(*_: object, **__: object) -> None:
        raise KeyError(SAID)

    unclosed = f'Date,User,Message\n2026-01-01 10:00:00,"a","{SAID}'
    for number, broken in enumerate((SAID, f"Date,{SAID}\n", unclosed)):
        chain.cloud.drop(f"exports/{number}/{FILE}", broken)
        told.answers.append(chain.cloud.get(f"/v1/personas/{number}"))
        assert told.answers[-1][1]["versions"][0]["status"] == "failed"
    chain.cloud.drop(f"exports/{quote('아무도')}-아님/a.csv", marked())
    with monkeypatch.context() as patch:
        patch.setattr("maltu.version_dataset.build_dataset", trip)
        with pytest.raises(RuntimeError) as caught:
            chain.cloud.drop(f"exports/하준/{FILE}", export(start=START).replace("누워있음", SAID))
    # As Lambda's runtime logs and traces it.
    places = traceback.format_list(traceback.extract_tb(caught.value.__traceback__))
    assert any("trip" in place for place in places)
    told.raised += [type(caught.value).__name__, str(caught.value), *places]
    (line,) = (line for line in told.lines if line["message"] == "drop broke off")
    assert (line["persona"], line["error"], line["reason"]) == ("하준", "BrokeOff", "KeyError")
    everything = told.everything()
    assert "KeyError" in everything["raised"]
    assert {place: found for place, text in everything.items() if (found := told_of(text))} == {}
