"""What callers are told of personas: which there are, and how far one is that trains."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.finetuning import create_app, serve
from maltu import deployment, progress
from maltu.errors import ProviderUnavailable
from tests.support.cloud import cloud
from tests.support.dialogues import export
from tests.support.engines import GatedEngine
from tests.support.handlers import Context, load_handler, sample_event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maltu.providers import Job
    from tests.support.cloud import Cloud

STEP = "Step 3/12: training loss=1.5"


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine(told=STEP)


@pytest.fixture
def up(tmp_path: Path, engine: GatedEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with serve(create_app(tmp_path / "provider", engine=engine)) as url, cloud(monkeypatch, url) as opened:
        opened.drop("exports/하준/chat.csv", export())
        assert engine.started.wait(10)
        deadline = time.monotonic() + 10
        while opened.version("하준")["status"] != "training":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        deployment.forget()
        yield opened
        engine.gate.set()


def test_a_version_that_trains_tells_how_far_it_is_and_asks_once_in_a_while(
    up: Cloud, engine: GatedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = up.version("하준")["progress"]
    assert (told["status"], told["steps"]) == ("running", {"done": 3, "total": 12})
    assert told["events"][0] == STEP
    assert len(told["events"]) <= 5
    assert told["estimated_finish"] is None
    inference = deployment.inference()

    def silent(_: str) -> Job:
        raise ProviderUnavailable

    answered = inference.glance
    monkeypatch.setattr(inference, "glance", silent)
    assert up.version("하준")["progress"] == told, "remembered"
    monkeypatch.setattr(progress, "FRESH_SECONDS", -1)
    assert up.version("하준")["progress"] is None, "and the route answers all the same"
    monkeypatch.setattr(inference, "glance", answered)
    assert up.version("하준")["progress"] == told
    engine.gate.set()
    up.finish()
    version = up.version("하준")
    assert (version["status"], version["progress"]) == ("succeeded", None)


def test_a_key_is_told_of_the_personas_that_it_is_for(up: Cloud) -> None:
    up.drop("exports/지우/chat.csv", b"nothing")

    def listed(personas: str) -> list[dict[str, Any]]:
        event = sample_event("completion")
        event["requestContext"]["authorizer"]["personas"] = personas
        event |= {"path": "/v1/personas", "httpMethod": "GET", "body": None}
        return json.loads(load_handler("completion")(event, Context())["body"])["data"]

    assert [each["persona"] for each in listed("")] == ["지우", "하준"]
    assert [each["persona"] for each in listed('["지우"]')] == ["지우"]
    assert {each["live_version"] for each in listed("")} == {None}
