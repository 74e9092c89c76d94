from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import openai
import pytest

from infra.local.finetuning import create_app, models, serve
from tests.contract.finetuning.conftest import BASE, client_for, until, upload
from tests.support.engines import GatedEngine
from tests.unit.finetuning.dialogue import TIMES, TOPICS, jsonl

if TYPE_CHECKING:
    from openai import OpenAI

ROOT = Path(__file__).parents[3]


def start(client: OpenAI, model: str = "maltu-retrieval-1", side: str = "minji") -> str:
    file = upload(client, jsonl(side))
    return client.fine_tuning.jobs.create(model=model, training_file=file).id


def say(client: OpenAI, model: str | None) -> str | None:
    answer = client.chat.completions.create(
        model=model or "",
        messages=[{"role": "user", "content": f"{TIMES[0]} {TOPICS[0][2]}"}],
        temperature=0,
    )
    return answer.choices[0].message.content


def test_one_job_trains_and_the_rest_wait_their_turn(tmp_path: Path) -> None:
    engine = GatedEngine()
    with serve(create_app(tmp_path, engine=engine)) as url, client_for(url) as client:
        first, second = start(client), start(client)
        until(client, first, "running")
        assert until(client, second, "queued").status == "queued"
        broken = client.fine_tuning.jobs.create(model="maltu-retrieval-1", training_file=upload(client, b"x"))
        assert until(client, broken.id).status == "failed", "validation does not wait for training"
        engine.gate.set()
        assert until(client, first).status == "succeeded"
        assert until(client, second).status == "succeeded"


def test_cancelling_stops_a_running_and_a_waiting_job(tmp_path: Path) -> None:
    with serve(create_app(tmp_path, engine=GatedEngine())) as url, client_for(url) as client:
        first, second, third = start(client), start(client), start(client)
        until(client, first, "running")
        until(client, second, "queued")
        for job in (second, first):
            cancelled = client.fine_tuning.jobs.cancel(job)
            assert cancelled.status == "cancelled"
            assert cancelled.finished_at is not None
        until(client, third, "running")
        for job in (first, second):
            done = client.fine_tuning.jobs.retrieve(job)
            assert (done.status, done.fine_tuned_model) == ("cancelled", None)
        client.fine_tuning.jobs.cancel(third)
    assert not list((tmp_path / "models").iterdir())


def test_a_cancel_that_comes_with_the_last_step_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = GatedEngine()
    with serve(create_app(tmp_path, engine=engine)) as url, client_for(url) as client:
        rename = Path.rename

        def cancel_then_rename(source: Path, target: Path) -> Path:
            client.fine_tuning.jobs.cancel(job)
            return rename(source, target)

        job = start(client)
        monkeypatch.setattr(Path, "rename", cancel_then_rename)
        engine.gate.set()
        assert until(client, job).status == "cancelled"
        monkeypatch.undo()
        follower = start(client)
        assert until(client, follower).status == "succeeded"
        assert client.fine_tuning.jobs.retrieve(job).fine_tuned_model is None
        assert [path.name for path in (tmp_path / "models").iterdir()] == [follower]


def test_a_restarted_server_finishes_what_was_running(tmp_path: Path) -> None:
    with serve(create_app(tmp_path, engine=GatedEngine())) as url, client_for(url) as client:
        running, waiting = start(client), start(client)
        until(client, running, "running")
        until(client, waiting, "queued")
    opened = GatedEngine()
    opened.gate.set()
    with serve(create_app(tmp_path, engine=opened)) as url, client_for(url) as client:
        found = [until(client, job) for job in (running, waiting)]
        assert [job.status for job in found] == ["succeeded", "succeeded"]
        said = [event.message for event in client.fine_tuning.jobs.list_events(running)]
        assert "The server was restarted; the job is queued again" in said
    with serve(create_app(tmp_path, engine=opened)) as url, client_for(url) as client:
        assert say(client, found[0].fine_tuned_model) == f"{TOPICS[0][3]} {TIMES[0]}~"
        assert len(list(client.files.list(purpose="fine-tune"))) == 2


def test_a_crash_fails_its_job_only_and_tells_no_text(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = GatedEngine(LookupError("비밀 이야기"), times=2)
    engine.gate.set()
    with (
        caplog.at_level(logging.ERROR, "infra.local.finetuning"),
        serve(create_app(tmp_path, engine=engine)) as url,
        client_for(url) as client,
    ):
        for job in (start(client), start(client)):
            error = until(client, job).error
            assert error is not None
            assert error.code == "server_error"
            assert "LookupError" in error.message
            assert "비밀" not in error.message
    assert "engines.py" in caplog.text
    assert "비밀" not in caplog.text


def test_a_file_deleted_before_its_turn_fails_the_job(tmp_path: Path) -> None:
    engine = GatedEngine()
    with serve(create_app(tmp_path, engine=engine)) as url, client_for(url) as client:
        first, second = start(client), start(client)
        client.files.delete(until(client, second, "queued").training_file)
        engine.gate.set()
        until(client, first)
        error = until(client, second).error
        assert error is not None
        assert (error.code, error.param) == ("invalid_training_file", "training_file")


def test_models_are_listed_and_deleted_with_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "LOADED_AT_ONCE", 1)
    with serve(create_app(tmp_path)) as url, client_for(url) as client:
        done = [until(client, start(client, BASE, side)) for side in ("minji", "park")]
        names = [job.fine_tuned_model or "" for job in done]
        assert [model.id for model in client.models.list()] == [BASE, *names]
        assert client.models.retrieve(BASE).object == "model"
        assert client.models.retrieve(names[0]).owned_by == "local"
        spoken = [say(client, name) for name in (*names, *names)]
        assert spoken[:2] == spoken[2:], "a model that made room for another is loaded again"
        assert client.models.delete(names[0]).deleted
        assert [path.name for path in (tmp_path / "models").iterdir()] == [done[1].id]
        for call in (client.models.retrieve, client.models.delete):
            with pytest.raises(openai.NotFoundError) as caught:
                call(names[0])
            assert caught.value.code == "model_not_found"
        with pytest.raises(openai.NotFoundError):
            say(client, names[0])
        with pytest.raises(openai.BadRequestError, match="cannot be deleted"):
            client.models.delete(BASE)


def test_only_callers_with_the_key_on_this_machine_are_answered(tmp_path: Path) -> None:
    with serve(create_app(tmp_path, api_key="klyuch-열쇠")) as url:
        for key, code in (("wrong", "invalid_api_key"), ("klyuch", "invalid_api_key")):
            with client_for(url, key) as client, pytest.raises(openai.AuthenticationError) as caught:
                client.models.list()
            assert caught.value.code == code
            assert key not in str(caught.value.body)
        silent = httpx2.get(f"{url}/models")
        assert silent.status_code == 401
        assert "Authorization" in silent.json()["error"]["message"]
        right = {b"authorization": "Bearer klyuch-열쇠".encode()}
        assert httpx2.get(f"{url}/models", headers=right).status_code == 200
        elsewhere = httpx2.get(f"{url}/models", headers={**right, b"host": b"evil.example"})
        assert elsewhere.status_code == 403


def test_the_command_serves_and_stops_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local.finetuning", "--port", "0", "--data", str(tmp_path / "new")]
    environment = {**os.environ, "FINETUNING_API_KEY": "secret"}
    with subprocess.Popen(  # noqa: S603  the tests' own interpreter
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("listening on http://127.0.0.1:")
        with client_for(f"{ready.split()[-1]}/v1", "secret") as client:
            job = start(client, BASE)
            until(client, job)
        before = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - before < 3
        assert not process.stdout.read()


def test_the_command_takes_on_another_hosts_ways(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local.finetuning", "--data", str(tmp_path / "new")]
    with subprocess.Popen(  # noqa: S603  the tests' own interpreter
        [*command, "--host-behaviour", "nebius"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        with client_for(f"{address}/v1") as client:
            assert client.files.retrieve(upload(client, jsonl("minji"))).status is None
            assert client.get(f"{address}/v0/models", cast_to=object) == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
