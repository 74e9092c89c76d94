"""Drops that come together or one upon the other: one run over all of them, or a newer one after it."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3

from tests.support.cloud import BUCKET
from tests.support.dialogues import START, export
from tests.support.persona import (
    FIRST,
    LATER,
    PAID,
    SECOND,
    THIRD,
    items,
    live,
    over_budget,
    statuses,
    training,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain


def test_a_burst_of_drops_is_one_run_over_all_of_them(chain: Chain) -> None:
    burst = [
        chain.cloud.put(f"exports/하준/{number}.csv", export(6, start=START + timedelta(days=30 * number)))
        for number in range(4)
    ]
    for event in [*burst, burst[0]]:
        chain.cloud.deliver(event)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert len(chain.cloud.version("하준")["exports"]) == 4
    assert chain.jobs() == ["succeeded"]


def test_events_in_the_wrong_order_make_the_same_run(chain: Chain) -> None:
    burst = [chain.cloud.put(key, export(6, start=at)) for key, at in ((FIRST, START), (SECOND, LATER))]
    for event in reversed(burst):
        chain.cloud.deliver(event)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert statuses(chain) == ["succeeded"]


def test_a_broken_last_drop_of_a_burst_does_not_keep_the_others_from_their_run(chain: Chain) -> None:
    chain.cloud.put(FIRST, export())
    broken = chain.cloud.put(SECOND, b"\x00\x01\x02")
    chain.cloud.deliver(broken)
    chain.cloud.deliver(broken)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert sorted(statuses(chain)) == ["failed", "succeeded"]


def test_a_newer_run_takes_over_from_one_that_has_paid_nothing(chain_with: OpenChain) -> None:
    with over_budget(chain_with) as chain:
        chain.cloud.put("exports/하준/persona.json", json.dumps({"base_model": PAID}))
        chain.cloud.drop(SECOND, export(start=LATER))
        assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED", "SUCCEEDED"]
        assert statuses(chain) == ["superseded", "succeeded"]
        assert chain.jobs() == ["succeeded"]
        assert items("approvals") == []


def test_a_newer_run_follows_one_that_trains_and_the_latest_takes_over(chain_with: OpenChain) -> None:
    with training(chain_with) as (chain, engine):
        until(lambda: statuses(chain) == ["training"])
        chain.cloud.drop(SECOND, export(start=LATER))
        until(lambda: statuses(chain) == ["training", "queued"])
        chain.cloud.drop(THIRD, export(start=LATER + timedelta(days=60)))
        until(lambda: statuses(chain) == ["training", "superseded", "queued"])
        assert chain.jobs() == ["running"], "one job at a time"
        engine.gate.set()
        assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"] * 3
        assert statuses(chain)[1:] == ["superseded", "succeeded"]
        assert live(chain) == chain.cloud.version("하준")["version"]


def test_a_big_export_that_took_long_to_upload_is_not_overlooked(chain: Chain) -> None:
    """The bucket lists an upload in parts under the time it began."""
    big = chain.cloud.put(FIRST, export())
    time.sleep(1.1)
    small = chain.cloud.put(SECOND, export(start=LATER))
    finished = chain.cloud.put(THIRD, "")
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=THIRD)
    (record,), (later,) = big["Records"], finished["Records"]
    created = json.loads(record["body"]) | {"time": json.loads(later["body"])["time"]}
    record["body"] = json.dumps(created)
    chain.cloud.deliver(big)
    chain.cloud.deliver(small)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    assert chain.cloud.version("하준")["exports"] == [FIRST, SECOND]
