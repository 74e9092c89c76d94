"""The server with the engine: a training is cancelled, dies, and is taken up by the next server."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import openai
import pytest

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.engine import Plan
from infra.local.finetuning.lora import process
from infra.local.finetuning.lora.engine import LoraEngine
from infra.local.finetuning.lora.job import TrainingJob
from tests.contract.finetuning.conftest import client_for, upload
from tests.lora.tiny import WINDOW, tiny_model
from tests.unit.finetuning.dialogue import dataset, jsonl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob

SECONDS = 120
QUESTION = "오늘 비 온대여ㅠㅠ"
ASKED: Any = [{"role": "user", "content": QUESTION}]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[str]]:
    """The training processes so far."""
    found: list[subprocess.Popen[str]] = []
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - Popen's own
        process = popen(command, **options)
        if command[-1].endswith(".worker"):
            found.append(process)
        return process

    monkeypatch.setattr(process.subprocess, "Popen", start)
    return found


def until(client: OpenAI, job: str, holds: Callable[[FineTuningJob], object]) -> FineTuningJob:
    deadline = time.monotonic() + SECONDS
    while not holds(found := client.fine_tuning.jobs.retrieve(job)):
        assert found.status not in {"succeeded", "failed", "cancelled"}, found.error
        assert time.monotonic() < deadline, f"job {job} is still {found.status}"
        time.sleep(0.02)
    return found


def estimated(job: FineTuningJob) -> bool:
    return job.estimated_finish is not None


def create(client: OpenAI, epochs: int = 2) -> str:
    file = upload(client, jsonl("minji"))
    return client.fine_tuning.jobs.create(
        model="maltu-lora/tiny",
        training_file=file,
        validation_file=file,
        seed=1,
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": epochs, "learning_rate_multiplier": 5}},
        },
    ).id


def said(client: OpenAI, job: str) -> list[str]:
    return [event.message for event in client.fine_tuning.jobs.list_events(job, limit=100)]


def test_a_training_is_cancelled_dies_and_is_taken_up_by_the_next_server(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    base = tiny_model(tmp_path / "tiny")
    data = tmp_path / "data"
    with serve(create_app(data, engine=LoraEngine(str(base)))) as url, client_for(url) as client:
        cancelled, killed, kept = create(client, 50), create(client, 50), create(client, 50)
        assert (until(client, cancelled, estimated).estimated_finish or 0) > time.time() - 5
        client.fine_tuning.jobs.cancel(cancelled)
        asked = time.monotonic()
        started[0].wait(SECONDS)
        assert time.monotonic() - asked < 3
        assert client.fine_tuning.jobs.retrieve(cancelled).estimated_finish is None

        until(client, killed, lambda job: job.status == "running" and len(started) > 1)
        started[1].send_signal(signal.SIGKILL)
        failed = until(client, killed, lambda job: job.status == "failed")
        assert failed.error
        assert "was killed, most likely for want of memory" in failed.error.message
        assert client.models.retrieve("maltu-lora/tiny").id == "maltu-lora/tiny", "the server is up"

        until(client, kept, lambda _: any("Epoch 1/" in each for each in said(client, kept)))
        last = client.fine_tuning.jobs.retrieve(kept)
        assert last.status == "running"
    assert all(each.poll() is not None for each in started), "no training outlives its server"
    assert sorted(path.name for path in (data / "models").iterdir()) == [f"{kept}.unfinished"]

    with serve(create_app(data, engine=LoraEngine(str(base)))) as url, client_for(url) as client:
        until(
            client, kept, lambda _: any(each.startswith("Going on after step") for each in said(client, kept))
        )
        client.fine_tuning.jobs.cancel(kept)
    assert not list((data / "models").iterdir())


def test_a_tuned_model_its_checkpoint_and_the_base_answer_as_openai_does(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "tiny")
    with serve(create_app(tmp_path / "data", engine=LoraEngine(str(base)))) as url, client_for(url) as client:
        job = create(client)
        done = until(client, job, lambda found: found.status == "succeeded")
        tuned = done.fine_tuned_model or ""
        last, first = client.fine_tuning.jobs.checkpoints.list(job).data
        assert last.fine_tuned_model_checkpoint == tuned
        assert first.fine_tuned_model_checkpoint == f"{tuned}:ckpt-step-{first.step_number}"
        assert (last.metrics.full_valid_loss or 9) < (first.metrics.full_valid_loss or 0)
        assert last.step_number == 2 * first.step_number
        assert done.estimated_finish is None
        assert done.trained_tokens
        assert done.hyperparameters.n_epochs == 2

        answers: set[str] = set()
        for name in (tuned, first.fine_tuned_model_checkpoint, "maltu-lora/tiny"):
            ask: Any = partial(
                client.chat.completions.create,
                model=name,
                messages=ASKED,
                temperature=0.7,
                top_p=0.9,
                seed=3,
                max_tokens=24,
            )
            whole = ask()
            chunks = list(ask(stream=True, stream_options={"include_usage": True}))
            text: str = whole.choices[0].message.content
            streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
            assert streamed == text
            assert len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]) > 1
            assert chunks[-1].usage == whole.usage
            assert whole.usage.completion_tokens <= 24
            assert whole.usage.prompt_tokens > len(QUESTION.encode()), "the template's tokens count"
            assert len(text) > 2
            stop = text[len(text) // 2]
            cut = ask(stop=[stop])
            assert cut.choices[0].message.content == text[: text.find(stop)]
            assert cut.choices[0].finish_reason == "stop"
            answers.add(text)
        assert len(answers) == 3

        completed: Any = client.completions.create(model=tuned, prompt="오늘", max_tokens=4, seed=1)
        assert completed.usage.completion_tokens <= 4
        with pytest.raises(
            openai.BadRequestError, match=f"maximum context length is {WINDOW} tokens"
        ) as refused:
            client.chat.completions.create(
                model=tuned, messages=[{"role": "user", "content": "가" * WINDOW}], stream=True
            )
        assert refused.value.code == "context_length_exceeded"
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=f"{tuned}:ckpt-step-999", messages=ASKED)
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=f"{tuned}:ckpt-..", messages=ASKED)


def test_a_training_process_ends_when_its_server_dies(tmp_path: Path) -> None:
    job = TrainingJob("nowhere", str(tmp_path), dataset("minji"), None, Plan(1, 1, 1.0), 1, 60.0)
    with process.started(job) as worker:
        assert worker.stdin
        worker.stdin.close()
        assert worker.wait(SECONDS) == 1


def test_a_base_model_that_is_none_fails_the_job_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    engine = LoraEngine(str(tmp_path / "empty"))
    with serve(create_app(tmp_path / "data", engine=engine)) as url, client_for(url) as client:
        file = upload(client, jsonl("minji"))
        job = client.fine_tuning.jobs.create(model="maltu-lora/empty", training_file=file)
        failed = until(client, job.id, lambda found: found.status == "failed")
        assert failed.error
        assert "could not be loaded" in failed.error.message
        assert os.fspath(tmp_path / "empty") in failed.error.message
