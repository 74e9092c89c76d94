"""What S3 and EventBridge may do to events: twice, out of order, late, and all at once."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dialogues import START, export
from tests.support.outcome import assert_one_of_each, jobs_of

if TYPE_CHECKING:
    from tests.support.chain import Chain

FOLDER = "exports/하준/"


def put_all(chain: Chain, names: list[str]) -> list[dict[str, Any]]:
    """Put one export after another, each of its own days; return their events."""
    starts = [START + timedelta(days=40 * number) for number in range(len(names))]
    return [
        chain.cloud.put(FOLDER + name, export(12, start=at)) for name, at in zip(names, starts, strict=True)
    ]


def at_once(chain: Chain, events: list[dict[str, Any]]) -> None:
    """Deliver all events at the same moment."""
    together = threading.Barrier(len(events))

    def deliver(event: dict[str, Any]) -> None:
        together.wait(10)
        chain.cloud.deliver(event)

    with ThreadPoolExecutor(len(events)) as pool:
        list(pool.map(deliver, events))


def test_one_event_delivered_many_times_at_once_is_one_run(chain: Chain) -> None:
    event = chain.cloud.put(FOLDER + "chat.csv", export())
    at_once(chain, [event] * 4)
    assert len(chain.cloud.finish()) == 1
    version = assert_one_of_each(chain.cloud, chain.provider, "하준")
    assert jobs_of(chain.provider, version) == ["succeeded"]


def test_an_event_that_comes_again_days_later_does_nothing(chain: Chain) -> None:
    event = chain.cloud.put(FOLDER + "chat.csv", export())
    chain.cloud.deliver(event)
    chain.cloud.settle()
    assert chain.cloud.deliver(event) is None
    assert len(chain.cloud.finish()) == 1
    assert_one_of_each(chain.cloud, chain.provider, "하준")


@pytest.mark.parametrize("seed", range(3))
def test_events_out_of_order_end_in_one_live_version_of_all_exports(chain: Chain, seed: int) -> None:
    names = [f"{number}.csv" for number in range(3)]
    events = [
        chain.cloud.put(FOLDER + name, export(12, start=START + timedelta(days=40 * number)))
        for number, name in enumerate(names)
    ]
    deliveries = events * 2
    random.Random(seed).shuffle(deliveries)  # noqa: S311 - an order to repeat, not a secret
    for event in deliveries:
        chain.cloud.deliver(event)
    assert len(chain.cloud.finish()) == 1, "every event found the same exports"
    assert_one_of_each(chain.cloud, chain.provider, "하준")
    assert chain.cloud.version("하준")["exports"] == [FOLDER + name for name in names]


def test_different_exports_at_once_end_in_one_live_version_of_all(chain: Chain) -> None:
    names = [f"{number}.csv" for number in range(4)]
    events = [
        chain.cloud.put(FOLDER + name, export(12, start=START + timedelta(days=40 * number)))
        for number, name in enumerate(names)
    ]
    at_once(chain, events)
    assert len(chain.cloud.finish()) == 1
    assert_one_of_each(chain.cloud, chain.provider, "하준")


def test_an_older_drops_event_that_comes_late_does_not_take_the_place_of_a_newer(chain: Chain) -> None:
    first = chain.cloud.put(FOLDER + "chat.csv", export(12))
    second = chain.cloud.put(FOLDER + "chat.csv", export(14))
    chain.cloud.deliver(second)
    chain.cloud.settle()
    chain.cloud.deliver(first)
    assert len(chain.cloud.finish()) == 1, "what stands in the bucket was trained on already"
    assert_one_of_each(chain.cloud, chain.provider, "하준")
    assert chain.cloud.version("하준")["report"]["conversations"] == 14


def test_drops_while_a_run_is_under_way_leave_the_newest_live(chain: Chain) -> None:
    for number in range(3):
        chain.cloud.deliver(
            chain.cloud.put(f"{FOLDER}{number}.csv", export(12, start=START + timedelta(days=40 * number)))
        )
    chain.cloud.settle()
    status, told = chain.cloud.get("/v1/personas/하준")
    assert status == 200
    newest = told["versions"][0]
    assert (newest["status"], told["live_version"]) == ("succeeded", newest["version"])
    assert len(newest["exports"]) == 3
    assert chain.files() == []
    for version in told["versions"]:
        assert jobs_of(chain.provider, version["version"]) in ([], ["succeeded"], ["cancelled"])
