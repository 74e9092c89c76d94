from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from openai import OpenAI

from infra.local.finetuning import create_app, serve
from tests.unit.finetuning.dialogue import jsonl

if TYPE_CHECKING:
    from collections.abc import Generator

    from openai.types.fine_tuning import FineTuningJob

BASE = "maltu-retrieval-1"


def client_for(url: str, key: str = "unused") -> OpenAI:
    return OpenAI(base_url=url, api_key=key, max_retries=0, timeout=10)


def upload(client: OpenAI, content: bytes, name: str = "train.jsonl") -> str:
    return client.files.create(file=(name, content), purpose="fine-tune").id


def until(client: OpenAI, job: str, *statuses: str) -> FineTuningJob:
    """Wait for a status, by default for any end."""
    deadline = time.monotonic() + 10
    while True:
        found = client.fine_tuning.jobs.retrieve(job)
        if found.status in (statuses or ("succeeded", "failed", "cancelled")):
            return found
        assert time.monotonic() < deadline, f"job {job} is still {found.status}"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with serve(create_app(tmp_path_factory.mktemp("data"))) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def client(url: str) -> Generator[OpenAI]:
    with client_for(url) as found:
        yield found


@pytest.fixture(scope="module")
def model(client: OpenAI) -> str:
    """A model that speaks as Minji."""
    job = client.fine_tuning.jobs.create(
        model=BASE, training_file=upload(client, jsonl("minji")), suffix="Minji 1", seed=1
    )
    done = until(client, job.id)
    assert done.fine_tuned_model, done.error
    return done.fine_tuned_model
