"""The real state machine between a trained model and its answers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import openai

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.behaviour import BEHAVIOURS
from maltu.providers import hosts
from tests.support.cloud import cloud
from tests.support.dialogues import ANSWERED, export
from tests.support.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.cloud import Cloud
    from tests.workflow.conftest import Chain

KEY = "exports/하준/chat.csv"
ASK = {"model": "하준", "messages": [{"role": "user", "content": "밥 먹었어?"}], "temperature": 0}
PATIENCE = 60


def told_what_it_waits_for(up: Cloud) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if waiting := up.version("하준").get("waiting_for"):
            return waiting
        time.sleep(0.02)
    raise TimeoutError("the run never said what it waits for")


def test_a_model_that_is_slow_to_appear_is_waited_for_longer_than_any_error_is_retried(chain: Chain) -> None:
    slow = Fault("POST", "/chat/completions", status=404, code="model_not_found", times=12)
    chain.wire.faults.append(slow)
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert slow.times == 0
    version = chain.cloud.version("하준")
    assert version["status"] == "succeeded"
    assert "waiting_for" not in version
    assert chain.files() == []


def test_a_run_waits_for_its_owner_to_deploy_and_goes_on_when_that_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foundry = replace(BEHAVIOURS["foundry"], file_seconds=0)
    # A host is known by its name, and this one has another's ways under the name of this machine.
    monkeypatch.setattr("maltu.providers.openai.host_profile", lambda _url: hosts.FOUNDRY)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - any base URL
    with (
        serve(create_app(tmp_path / "provider", api_key="local", host=foundry)) as url,
        openai.OpenAI(base_url=url, api_key="local") as client,
        cloud(monkeypatch, url) as up,
    ):
        up.drop(KEY, export())
        guide = told_what_it_waits_for(up)
        (job,) = client.fine_tuning.jobs.list().data
        deployment = guide.partition("--deployment-name ")[2].split()[0]
        assert f"--model-name {job.fine_tuned_model} " in guide
        status, answer = up.post("/v1/chat/completions", ASK)
        assert (status, answer["error"]["code"]) == (409, "persona_not_ready")
        root = url.removesuffix("/v1")
        client.put(f"{root}/deployments/{deployment}", body={"model": job.fine_tuned_model}, cast_to=object)
        (run,) = up.finish()
        assert run["status"] == "SUCCEEDED", run.get("cause")
        assert [guide in text for text in up.notifications()] == [True, False], "told once what to do"
        status, answer = up.post("/v1/chat/completions", ASK)
        assert (status, answer["choices"][0]["message"]["content"] in ANSWERED) == (200, True)
