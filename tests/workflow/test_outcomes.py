"""The bus is told how every run ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest

from tests.support.dialogues import export
from tests.support.engines import GatedEngine, broken_engine
from tests.support.persona import FIRST, PERSONA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.chain import OpenChain


def heard() -> Callable[[], list[dict[str, str]]]:
    """Listen to the bus; return how to read what was said there."""
    sqs = boto3.client("sqs")
    bus = cast("Any", boto3.client("events"))
    queue = sqs.create_queue(QueueName="bus")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.put_rule(Name="all", EventPattern=json.dumps({"source": ["maltu"], "detail-type": ["Run ended"]}))
    bus.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])

    def read() -> list[dict[str, str]]:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message.get("Body", ""))["detail"] for message in messages]

    return read


@pytest.mark.parametrize("engine", ["retrieval", "broken", "cancelled"])
def test_every_outcome_is_an_event(chain_with: OpenChain, engine: str) -> None:
    gated = broken_engine() if engine == "broken" else GatedEngine()
    with chain_with("retrieval" if engine == "retrieval" else gated) as chain:
        events = heard()
        chain.cloud.drop(FIRST, export())
        if engine == "cancelled":
            assert gated.started.wait(10)
            chain.cloud.post(f"{PERSONA}/runs/{chain.cloud.version('하준')['run']}/cancel")
        chain.cloud.finish()
        version = chain.cloud.version("하준")
        (told,) = events()
        assert (told["persona"], told["version"], told["run"]) == ("하준", version["version"], version["run"])
        assert told["status"] == version["status"]
