"""The provider trains as many at a time as it takes: the others wait at no cost and are called in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cloud import partition
from tests.support.dialogues import START, export
from tests.support.engines import GatedEngine
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain

SECONDS = 60
NEVER = 600.0


def drop(chain: Chain, persona: str, *, month: int = 1) -> None:
    content = export(persona=persona, start=START.replace(month=month))
    chain.cloud.drop(f"exports/{persona}/{month}.csv", content)


def in_line() -> list[str]:
    return [item["persona"]["S"] for item in partition("line")]


def created(chain: Chain) -> list[str]:
    """Whose jobs are created from now on, in this order."""
    personas: list[str] = []
    real = chain.cloud.invoke

    def watched(function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
        answer = real(function, event)
        if function == "create_fine_tune":
            personas.append(event["persona"])
        return answer

    chain.cloud.invoke = watched
    return personas


def removed(*, count: int) -> bool:
    """Whether so many removals have found nothing more, and so whatever run they stopped has ended."""
    return [item["status"]["S"] for item in partition("removals")] == ["finished"] * count


def train_and_queue(chain: Chain, engine: GatedEngine, personas: str) -> None:
    """Let the first train and the others wait for it."""
    drop(chain, personas[0])
    assert engine.started.wait(SECONDS)
    for persona in personas[1:]:
        drop(chain, persona)
        until(lambda persona=persona: persona in in_line())


def test_whoever_came_first_is_called_first_and_nobody_asks_meanwhile(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine, most_jobs=1) as chain:
        chain.cloud.nap, order = NEVER, created(chain)
        train_and_queue(chain, engine, "하다나가")
        assert in_line() == ["다", "나", "가"]
        # The first was refused and so began the line; the others joined it without uploading anything.
        assert chain.cloud.invoked["UploadDatasetFunction"] == 2
        assert chain.cloud.invoked["CreateFineTuneFunction"] == 2
        engine.gate.set()
        runs = chain.cloud.finish()
        assert [run["status"] for run in runs] == ["SUCCEEDED"] * 4, runs
        assert order == ["하", "다", "나", "가"]
        assert chain.cloud.invoked["CreateFineTuneFunction"] == 5
        states = [entry["state"] for entry in chain.cloud.version("가")["timeline"]]
        assert states == ["preparing", "queued", "uploading", "training", "deploying", "succeeded"]
        assert len(chain.cloud.naps) == 3
        assert partition("line") == []
        assert not [item for item in partition("turns") if "waits_since" in item]


def test_a_newer_drop_takes_over_the_place_of_the_older_one(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine, most_jobs=1) as chain:
        chain.cloud.nap, order = NEVER, created(chain)
        train_and_queue(chain, engine, "하다나")
        older = chain.cloud.version("다")["version"]
        drop(chain, "다", month=2)
        until(lambda: in_line() == ["다", "나"] and partition("line")[0]["version"]["S"] != older)
        engine.gate.set()
        ended = {run["name"]: run["status"] for run in chain.cloud.finish()}
        assert set(ended.values()) == {"SUCCEEDED"}
        assert order == ["하", "다", "나"]
        newest, before = chain.cloud.get("/v1/personas/다")[1]["versions"]
        assert (newest["status"], before["status"]) == ("succeeded", "superseded")
        assert len(chain.jobs()) == 3


def test_who_is_cancelled_leaves_the_line_and_makes_place(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine, most_jobs=1) as chain:
        chain.cloud.nap, order = NEVER, created(chain)
        train_and_queue(chain, engine, "하다나라")
        for count, persona in enumerate("다하", start=1):
            run = chain.cloud.version(persona)["run"]
            assert chain.cloud.post(f"/v1/personas/{persona}/runs/{run}/cancel")[0] == 202
            until(lambda count=count: removed(count=count))
            assert chain.cloud.version(persona)["status"] == "cancelled"
        until(lambda: order[-1] == "나")
        assert chain.cloud.delete("/v1/personas/라")[0] == 202
        until(lambda: removed(count=3))
        assert in_line() == []
        engine.gate.set()
        chain.cloud.finish()
        assert order == ["하", "나"]
        assert chain.cloud.version("나")["status"] == "succeeded"


@pytest.mark.parametrize("reason", ["cancel", "erase"])
def test_who_falls_asleep_behind_its_removal_has_no_place(chain_with: OpenChain, reason: str) -> None:
    engine = GatedEngine()
    with chain_with(engine, most_jobs=1) as chain:
        chain.cloud.nap = NEVER
        train_and_queue(chain, engine, "하다")
        version = chain.cloud.version("다")
        if reason == "cancel":
            assert chain.cloud.post(f"/v1/personas/다/runs/{version['run']}/cancel")[0] == 202
        else:
            assert chain.cloud.delete("/v1/personas/다")[0] == 202
        until(lambda: removed(count=1))
        # What hung while everything was looked through goes on.
        late = {"persona": "다", "version": version["version"], "token": "late", "nap": 60}
        chain.cloud.invoke("line", late)
        assert in_line() == []
        assert [item["sk"]["S"] for item in partition("turns") if "waits_since" in item] == []
        known = [item["status"]["S"] for item in partition("versions#다")]
        assert known == (["cancelled"] if reason == "cancel" else [])
        engine.gate.set()
