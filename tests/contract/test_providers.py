"""What every provider adapter does, against a real server: the same cases for each adapter."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, get_args

import pytest
from openai.types.fine_tuning import FineTuningJob

from infra.local.finetuning import create_app, serve
from maltu.errors import (
    InvalidSettings,
    ModelNotReady,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TrainingNotAvailable,
)
from maltu.providers import DatasetFile, JobStatus, Sampling, open_provider
from maltu.providers import openai as adapter
from tests.support.engines import GatedEngine
from tests.support.faults import Fault, Faulty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maltu.providers import Job, Provider

BASE = "maltu-retrieval-1"
RUN = "20261018t134107000-3f9a1c2b4d5e"
ASK = [{"role": "system", "content": "s"}, {"role": "user", "content": "밥 먹었어?"}]
BRIEF = Sampling(max_tokens=50, temperature=0)
LINE = (
    '{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "밥 먹었어? %d"}, '
    '{"role": "assistant", "content": "ㅇㅇ %d"}]}\n'
)


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def wire(tmp_path: Path, engine: GatedEngine) -> Faulty:
    return Faulty(create_app(tmp_path / "state", engine=engine, api_key="key"))


@pytest.fixture(params=["openai"])
def provider(request: pytest.FixtureRequest, wire: Faulty) -> Iterator[Provider]:
    with serve(wire) as url:
        yield open_provider(request.param, base_url=url, api_key="key")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(LINE % (n, n) for n in range(12)), "utf-8")
    return path


def stored(dataset: Path, name: str) -> DatasetFile:
    return DatasetFile(name, f"s3://bucket/{name}", lambda: nullcontext(dataset))


def start(provider: Provider, dataset: Path, run: str = RUN) -> Job:
    training = provider.upload(stored(dataset, f"{run}-train.jsonl"))
    return provider.create_job(run=run, base_model=BASE, training=training, validation=None, n_epochs=1)


def end_of(provider: Provider, job: Job) -> Job:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        seen = provider.get_job(job.id)
        if seen.status not in {"pending", "running"}:
            return seen
        time.sleep(0.01)
    raise TimeoutError(job.id)


def test_a_job_trains_a_model_that_answers(provider: Provider, dataset: Path, engine: GatedEngine) -> None:
    job = start(provider, dataset)
    assert job.status in {"pending", "running"}
    engine.gate.set()
    done = end_of(provider, job)
    assert (done.status, done.reason) == ("succeeded", None)
    assert done.trained_tokens
    assert done.model is not None
    model = provider.ensure_deployed(run=RUN, base_model=BASE, model=done.model)
    assert model is not None
    replies = provider.chat(model, ASK, BRIEF)
    assert replies.choices[0].text.startswith("ㅇㅇ")
    assert replies.choices[0].finish_reason == "stop"
    assert replies.completion_tokens > 0
    assert len(provider.chat(model, ASK, Sampling(max_tokens=50, n=3)).choices) == 3
    assert provider.complete(model, "밥 먹었어?", BRIEF).choices[0].text.startswith("ㅇㅇ")
    assert provider.chat(model, ASK, Sampling(max_tokens=1)).choices[0].finish_reason == "length"


def test_a_run_finds_its_file_and_its_job_again(provider: Provider, dataset: Path) -> None:
    assert provider.upload(stored(dataset, "a.jsonl")) == provider.upload(stored(dataset, "a.jsonl"))
    first = start(provider, dataset)
    assert start(provider, dataset).id == first.id
    assert start(provider, dataset, run="20261018t134107-another").id != first.id


def test_a_file_of_the_same_name_and_another_size_is_another_file(provider: Provider, dataset: Path) -> None:
    first = provider.upload(stored(dataset, "a.jsonl"))
    dataset.write_text(dataset.read_text("utf-8") + LINE % (99, 99), "utf-8")
    assert provider.upload(stored(dataset, "a.jsonl")) != first


def test_a_cancelled_job_ends_and_the_run_may_start_another(provider: Provider, dataset: Path) -> None:
    first = start(provider, dataset)
    provider.cancel_job(RUN)
    assert end_of(provider, first).status == "cancelled"
    provider.cancel_job(RUN)
    provider.cancel_job("20261018t134107-never-started")
    assert start(provider, dataset).id != first.id


def test_a_failed_job_says_why(provider: Provider, dataset: Path) -> None:
    dataset.write_text("not json\n" * 12, "utf-8")
    failed = end_of(provider, start(provider, dataset))
    assert failed.status == "failed"
    assert failed.reason is not None
    assert "ine 1" in failed.reason
    assert failed.events


def test_what_was_uploaded_is_deleted_by_name_and_deleting_again_is_no_error(
    provider: Provider, dataset: Path, wire: Faulty
) -> None:
    first = provider.upload(stored(dataset, "a.jsonl"))
    provider.upload(stored(dataset, "b.jsonl"))
    assert provider.delete_files(["a.jsonl", "never.jsonl"]) == (first,)
    assert provider.delete_files(["a.jsonl"]) == ()
    assert sum(line.startswith("DELETE") for line in wire.served) == 1
    assert provider.upload(stored(dataset, "a.jsonl")) != first


def test_what_a_run_trained_is_deleted_and_deleting_again_is_no_error(
    provider: Provider, dataset: Path, engine: GatedEngine
) -> None:
    engine.gate.set()
    model = end_of(provider, start(provider, dataset)).model
    assert model is not None
    assert provider.delete_models(RUN) == (model,)
    assert provider.delete_models(RUN) == ()
    with pytest.raises(ModelNotReady):
        provider.chat(model, ASK, BRIEF)


def test_a_base_model_that_the_account_may_tune_passes_the_check(provider: Provider) -> None:
    provider.check_access(BASE)


def test_a_base_model_that_is_not_there_is_refused_before_anything_leaves(provider: Provider) -> None:
    with pytest.raises(ProviderRejected, match="gpt-0"):
        provider.check_access("gpt-0")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("POST", "/jobs", status=429), RateLimited),
        (Fault("POST", "/jobs", status=429, code="insufficient_quota"), ProviderRejected),
        (Fault("POST", "/jobs", status=403, code="training_not_available"), TrainingNotAvailable),
        (Fault("POST", "/jobs", status=403), ProviderRejected),
        (Fault("POST", "/jobs", status=401), ProviderRejected),
        (Fault("POST", "/jobs", status=409), ProviderUnavailable),
        (Fault("POST", "/jobs", status=503), ProviderUnavailable),
        (Fault("POST", "/jobs", action="lose_answer"), ProviderUnavailable),
    ],
)
def test_creating_is_never_repeated_by_itself(
    provider: Provider, dataset: Path, wire: Faulty, fault: Fault, error: type[Exception]
) -> None:
    wire.faults.append(fault)
    with pytest.raises(error):
        start(provider, dataset)
    assert fault.times == 0
    assert sum(line.endswith("POST /v1/fine_tuning/jobs") for line in wire.served) == (
        fault.action == "lose_answer"
    )


def test_asking_is_repeated_by_itself(provider: Provider, dataset: Path, wire: Faulty) -> None:
    job = start(provider, dataset)
    wire.faults.append(Fault("GET", job.id, status=503, times=2))
    assert provider.get_job(job.id).id == job.id


def test_a_model_that_is_not_there_yet(provider: Provider) -> None:
    with pytest.raises(ModelNotReady):
        provider.chat(f"ft:{BASE}:local:none:00000000", ASK, BRIEF)


def test_a_wrong_key_is_refused(wire: Faulty) -> None:
    with serve(wire) as url, pytest.raises(ProviderRejected, match="refused the key"):
        open_provider("openai", base_url=url, api_key="wrong").get_job("ftjob-1")


def test_a_host_that_is_not_there() -> None:
    with pytest.raises(ProviderUnavailable, match="could not be reached"):
        open_provider("openai", base_url="http://127.0.0.1:9/v1", api_key="key").chat("m", ASK, BRIEF)


def test_an_unknown_adapter_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSettings, match="there is: openai"):
        open_provider("mistral", base_url=None, api_key="key")


def test_the_statuses_that_the_sdk_knows_are_all_mapped_and_others_run_on() -> None:
    known = FineTuningJob.model_fields["status"].annotation
    assert set(adapter.STATUSES) == set(get_args(known))
    assert set(adapter.STATUSES.values()) <= set(get_args(JobStatus))
