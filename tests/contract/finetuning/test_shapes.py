"""Every answer, read by the SDK's own models without their leniency: nothing missing, wrong or extra."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from openai.types import Completion, FileDeleted, FileObject, Model, ModelDeleted
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from pydantic import BaseModel

from infra.local.finetuning import create_app, serve
from tests.contract.finetuning.conftest import BASE, client_for, until, upload
from tests.support.engines import GatedEngine
from tests.unit.finetuning.dialogue import jsonl

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from openai import OpenAI

SAID_BY_OPENAI_THOUGH_NOT_DESCRIBED = {"user_provided_suffix"}
ASK = {"messages": [{"role": "user", "content": "뭐해?"}], "n": 2, "seed": 1}


@pytest.fixture(scope="module")
def http(url: str) -> Generator[httpx2.Client]:
    with httpx2.Client(base_url=url, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def job(client: OpenAI, model: str) -> FineTuningJob:
    return next(each for each in client.fine_tuning.jobs.list() if each.fine_tuned_model == model)


def strictly(kind: type[BaseModel], body: dict[str, Any]) -> None:
    read = kind.model_validate_json(json.dumps(body), strict=True)
    assert unknown(read) <= SAID_BY_OPENAI_THOUGH_NOT_DESCRIBED


def unknown(read: object) -> set[str]:
    """Names that the SDK's models do not have, at any depth."""
    match read:
        case BaseModel():
            values = [getattr(read, name) for name in type(read).model_fields]
            return set(read.model_extra or {}).union(*map(unknown, values))
        case list():
            return set[str]().union(*map(unknown, read))  # pyright: ignore[reportUnknownArgumentType] - any list
        case _:
            return set()


def listed(body: dict[str, Any], kind: type[BaseModel], *, ends: bool, paged: bool = True) -> None:
    more = ["has_more"] * paged + ["first_id", "last_id"] * ends
    assert body.keys() == {"object", "data", *more}
    assert body["object"] == "list"
    assert body["data"]
    for each in body["data"]:
        strictly(kind, each)


def test_files(client: OpenAI, http: httpx2.Client) -> None:
    file = upload(client, jsonl("minji"))
    strictly(FileObject, http.get(f"/files/{file}").json())
    listed(http.get("/files").json(), FileObject, ends=True)
    made = http.post(
        "/files",
        files={"file": ("x.jsonl", b"{}\n")},
        data={
            "purpose": "fine-tune",
            "expires_after[anchor]": "created_at",
            "expires_after[seconds]": "3600",
        },
    )
    strictly(FileObject, made.json())
    strictly(FileDeleted, http.delete(f"/files/{file}").json())


def test_jobs(http: httpx2.Client, job: FineTuningJob) -> None:
    at = f"/fine_tuning/jobs/{job.id}"
    strictly(FineTuningJob, http.get(at).json())
    listed(http.get("/fine_tuning/jobs").json(), FineTuningJob, ends=False)
    listed(http.get(f"{at}/events").json(), FineTuningJobEvent, ends=False)
    listed(http.get(f"{at}/checkpoints").json(), FineTuningJobCheckpoint, ends=True)


def test_a_job_that_fails(client: OpenAI, http: httpx2.Client) -> None:
    request = {"model": BASE, "training_file": upload(client, b"not json\n"), "metadata": {"a": "b"}}
    made = http.post("/fine_tuning/jobs", json=request).json()
    strictly(FineTuningJob, made)
    assert until(client, made["id"]).status == "failed"
    failed = http.get(f"/fine_tuning/jobs/{made['id']}").json()
    strictly(FineTuningJob, failed)
    assert failed["error"].keys() == {"code", "message", "param"}


def test_a_job_that_is_cancelled(tmp_path: Path) -> None:
    app = create_app(tmp_path, engine=GatedEngine())
    with serve(app) as url, client_for(url) as client, httpx2.Client(base_url=url) as http:
        made = client.fine_tuning.jobs.create(model=BASE, training_file=upload(client, jsonl("minji")))
        cancelled = http.post(f"/fine_tuning/jobs/{made.id}/cancel").json()
        strictly(FineTuningJob, cancelled)
        assert cancelled["status"] == "cancelled"


def test_models(client: OpenAI, http: httpx2.Client, model: str) -> None:
    listed(http.get("/models").json(), Model, ends=False, paged=False)
    strictly(Model, http.get(f"/models/{model}").json())
    made = client.fine_tuning.jobs.create(model=BASE, training_file=upload(client, jsonl("minji")))
    strictly(ModelDeleted, http.delete(f"/models/{until(client, made.id).fine_tuned_model}").json())


def test_answers(http: httpx2.Client, model: str) -> None:
    strictly(ChatCompletion, http.post("/chat/completions", json={"model": model, **ASK}).json())
    strictly(
        Completion, http.post("/completions", json={"model": model, "prompt": ["뭐해?", "어디?"]}).json()
    )


@pytest.mark.parametrize(
    ("path", "kind"), [("/chat/completions", ChatCompletionChunk), ("/completions", Completion)]
)
def test_streams(http: httpx2.Client, model: str, path: str, kind: type[BaseModel]) -> None:
    asked = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    body = asked | (ASK if kind is ChatCompletionChunk else {"prompt": "뭐해?"})
    *events, end = [line for line in http.post(path, json=body).text.splitlines() if line]
    assert end == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    # The SDK reads a completion's chunks as completions, whose end it thinks is always known.
    whole = [
        chunk for chunk in chunks
        if kind is ChatCompletionChunk or all(choice["finish_reason"] for choice in chunk["choices"])
    ]  # fmt: skip
    assert whole
    for chunk in whole:
        strictly(kind, chunk)
    assert chunks[-1]["usage"]["total_tokens"] > 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/models/none", None),
        ("GET", "/nowhere", None),
        ("POST", "/chat/completions", {}),
        ("POST", "/fine_tuning/jobs", {"model": "none"}),
    ],
)
def test_refusals(http: httpx2.Client, method: str, path: str, body: object) -> None:
    error = http.request(method, path, json=body).json()
    assert error.keys() == {"error"}
    assert error["error"].keys() == {"message", "type", "param", "code"}
    assert error["error"]["message"]
    assert error["error"]["type"] == "invalid_request_error"
