"""What every provider adapter does, against a real server: the same cases for each adapter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast, get_args

import pytest
from openai.types.fine_tuning import FineTuningJob
from urllib3.connection import HTTPConnection

from infra.local.finetuning.bedrock.operations import service_model
from infra.local.finetuning.behaviour import Behaviour
from maltu.errors import InvalidSettings, ModelNotReady, ProviderRejected, ProviderUnavailable
from maltu.providers import JobStatus, Sampling, bedrock_jobs, open_provider, openai_inference, openai_jobs
from tests.support.adapters import ADAPTERS, Adapter
from tests.support.faults import Fault, Faulty
from tests.support.runs import ANOTHER, ASK, BRIEF, RUN, deployed, end_of, erase, start, stored

if TYPE_CHECKING:
    from pathlib import Path

    from botocore.model import StringShape

    from infra.local.finetuning.store import Record
    from maltu.providers import Provider
    from tests.support.engines import GatedEngine


def test_a_job_trains_a_model_that_answers(
    provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
) -> None:
    job = start(provider, adapter, dataset)
    assert job.status in {"pending", "running"}
    engine.gate.set()
    done = end_of(provider, job)
    assert (done.status, done.reason) == ("succeeded", None)
    assert bool(done.trained_tokens) is adapter.counts_tokens
    model = deployed(provider, adapter, done)
    assert deployed(provider, adapter, done) == model
    replies = provider.chat(model, ASK, BRIEF)
    assert replies.choices[0].text.startswith("ㅇㅇ")
    assert replies.choices[0].finish_reason == "stop"
    assert replies.prompt_tokens > 0
    assert replies.completion_tokens > 0
    assert len(provider.chat(model, ASK, Sampling(max_tokens=50, n=3)).choices) == 3
    assert provider.chat(model, ASK, Sampling(max_tokens=1)).choices[0].finish_reason == "length"
    stopped = provider.chat(model, ASK, replace(BRIEF, stop=("ㅇ ",))).choices[0]
    assert (stopped.text, stopped.finish_reason) == ("ㅇ", "stop")


def test_a_run_finds_its_file_and_its_job_again(provider: Provider, adapter: Adapter, dataset: Path) -> None:
    assert provider.upload(stored(dataset, "a.jsonl")) == provider.upload(stored(dataset, "a.jsonl"))
    first = start(provider, adapter, dataset)
    assert start(provider, adapter, dataset).id == first.id
    assert start(provider, adapter, dataset, run=ANOTHER).id != first.id


def test_a_file_of_the_same_name_and_another_size_is_read_as_it_is_now(
    provider: Provider, adapter: Adapter, dataset: Path, url: str
) -> None:
    provider.upload(stored(dataset, "a.jsonl"))
    dataset.write_text(dataset.read_text("utf-8") + adapter.line % (99, 99), "utf-8")
    second = provider.upload(stored(dataset, "a.jsonl"))
    assert adapter.content(url, second) == dataset.read_bytes()


def test_a_cancelled_job_ends_and_the_run_may_start_another(
    provider: Provider, adapter: Adapter, dataset: Path
) -> None:
    first = start(provider, adapter, dataset)
    assert provider.cancel_job(RUN) == 1
    assert end_of(provider, first).status == "cancelled"
    assert provider.cancel_job(RUN) == 0
    assert provider.cancel_job(ANOTHER) == 0
    second = start(provider, adapter, dataset)
    assert second.id != first.id
    assert start(provider, adapter, dataset).id == second.id


def test_a_failed_job_says_why_and_the_run_may_start_another(
    provider: Provider, adapter: Adapter, dataset: Path
) -> None:
    whole = dataset.read_text("utf-8")
    dataset.write_text("not json\n" * 12, "utf-8")
    failed = end_of(provider, start(provider, adapter, dataset))
    assert failed.status == "failed"
    assert failed.reason is not None
    assert "ine 1" in failed.reason
    assert failed.events
    dataset.write_text(whole, "utf-8")
    second = start(provider, adapter, dataset)
    assert second.id != failed.id
    assert start(provider, adapter, dataset).id == second.id


def test_what_was_uploaded_is_deleted_by_name_and_deleting_again_is_no_error(
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty, url: str
) -> None:
    first = provider.upload(stored(dataset, "a.jsonl"))
    other = provider.upload(stored(dataset, "b.jsonl"))
    assert provider.delete_files(["a.jsonl", "never.jsonl"]) == (first,)
    assert provider.delete_files(["a.jsonl"]) == ()
    assert sum(line.startswith("DELETE") for line in wire.served) == adapter.file_deletions
    assert adapter.content(url, first) is None
    assert adapter.content(url, other) == dataset.read_bytes()
    again = provider.upload(stored(dataset, "a.jsonl"))
    assert adapter.content(url, again) == dataset.read_bytes()


def test_what_a_run_trained_is_deleted_and_deleting_again_is_no_error(
    provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
) -> None:
    engine.gate.set()
    others = end_of(provider, start(provider, adapter, dataset, run=ANOTHER))
    done = end_of(provider, start(provider, adapter, dataset))
    serving = deployed(provider, adapter, done)
    other_serving = deployed(provider, adapter, others, run=ANOTHER)
    assert set(erase(provider)) == {done.model, serving}
    assert erase(provider) == []
    with pytest.raises(ModelNotReady):
        provider.chat(serving, ASK, BRIEF)
    assert provider.chat(other_serving, ASK, BRIEF).choices[0].text


def test_a_base_model_that_the_account_may_tune_passes_the_check(
    provider: Provider, adapter: Adapter
) -> None:
    provider.check_access(adapter.base_model)


def test_a_base_model_that_is_not_there_is_refused_before_anything_leaves(provider: Provider) -> None:
    with pytest.raises(ProviderRejected, match=r"gpt\.0"):
        provider.check_access("gpt.0")


@pytest.mark.parametrize(
    ("adapter", "fault", "error"),
    [(name, *each) for name, adapter in ADAPTERS.items() for each in adapter.refusals],
    indirect=["adapter"],
)
def test_creating_is_never_repeated_by_itself(  # noqa: PLR0913, PLR0917 - the fixtures and the case
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty, fault: Fault, error: type[Exception]
) -> None:
    now = replace(fault)
    wire.faults.append(now)
    with pytest.raises(error) as raised:
        start(provider, adapter, dataset)
    assert raised.type is error
    assert now.times == 0
    created = f"POST {adapter.jobs}"
    assert wire.served.count(created) == (fault.action == "lose_answer")
    found = start(provider, adapter, dataset)
    assert wire.served.count(created) == 1, "a later try finds what was made, or makes it"
    assert start(provider, adapter, dataset).id == found.id


def test_asking_is_repeated_by_itself(
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty
) -> None:
    job = start(provider, adapter, dataset)
    wire.faults.append(Fault("GET", job.id, status=503, times=2))
    assert provider.get_job(job.id).id == job.id


def test_a_job_tells_how_far_it_is_as_far_as_the_vendor_does(
    provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
) -> None:
    engine.told = "Step 3/12: training loss=1.5"
    job = start(provider, adapter, dataset)
    assert engine.started.wait(10)
    seen = provider.glance(job.id)
    assert (seen.status, seen.finish_at) == ("running", None)
    assert seen.steps == ((3, 12) if adapter.tells_steps else None)
    assert seen.events[0] == (engine.told if adapter.tells_steps else "training: InProgress")
    engine.gate.set()
    done = end_of(provider, job)
    if adapter.tells_steps:
        assert done.steps is not None
        assert 0 < done.steps.done == done.steps.total
    assert len(done.events) <= 5


def test_a_question_in_a_hurry_is_not_repeated(
    provider: Provider, adapter: Adapter, dataset: Path, wire: Faulty
) -> None:
    job = start(provider, adapter, dataset)
    wire.faults.append(Fault("GET", job.id, status=503))
    with pytest.raises(ProviderUnavailable):
        provider.glance(job.id)
    assert provider.glance(job.id).id == job.id


def test_a_model_that_is_not_there_yet(provider: Provider, adapter: Adapter) -> None:
    with pytest.raises(ModelNotReady):
        provider.chat(adapter.nowhere, ASK, BRIEF)


def test_a_host_that_is_not_there(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = adapter.open("http://127.0.0.1:9/v1", monkeypatch)
    with pytest.raises(ProviderUnavailable, match="could not be reached"):
        provider.chat(adapter.nowhere, ASK, BRIEF)


def test_an_unknown_adapter_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSettings, match=f"there are: {', '.join(ADAPTERS)}"):
        open_provider("mistral", str)


def test_the_statuses_that_the_vendors_know_are_all_mapped_and_others_run_on() -> None:
    known = FineTuningJob.model_fields["status"].annotation
    assert set(openai_jobs.STATUSES) == set(get_args(known))
    shape = cast("StringShape", service_model("bedrock").shape_for("ModelCustomizationJobStatus"))
    assert set(bedrock_jobs.STATUSES) == set(shape.enum)
    for statuses in (openai_jobs.STATUSES, bedrock_jobs.STATUSES):
        assert set(statuses.values()) <= set(get_args(JobStatus))


class TestOpenAI:
    """What this protocol alone has."""

    @pytest.fixture
    def adapter(self) -> Adapter:
        return ADAPTERS["openai"]

    def test_a_completion_is_continued(
        self, provider: Provider, adapter: Adapter, dataset: Path, engine: GatedEngine
    ) -> None:
        engine.gate.set()
        model = end_of(provider, start(provider, adapter, dataset)).model
        assert model is not None
        assert provider.complete(model, "밥 먹었어?", BRIEF).choices[0].text.startswith("ㅇㅇ")

    def test_a_job_tells_when_it_should_end(
        self, provider: Provider, adapter: Adapter, dataset: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = start(provider, adapter, dataset)
        shown = Behaviour.shown_job

        def with_its_end(behaviour: Behaviour, record: Record) -> Record:
            return {**shown(behaviour, record), "estimated_finish": 1_792_331_400}

        monkeypatch.setattr(Behaviour, "shown_job", with_its_end)
        assert provider.get_job(job.id).finish_at == datetime(2026, 10, 18, 13, 50, tzinfo=UTC)

    def test_a_wrong_key_is_refused(
        self, adapter: Adapter, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(ProviderRejected, match="refused the key"):
            adapter.open(url, monkeypatch, api_key="wrong").get_job("ftjob-1")

    def test_a_connection_is_kept_for_the_next_question_and_not_for_one_much_later(
        self, adapter: Adapter, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[object] = []
        connect = HTTPConnection.connect

        def noted(connection: HTTPConnection) -> None:
            opened.append(connection)
            connect(connection)

        monkeypatch.setattr(HTTPConnection, "connect", noted)
        provider = adapter.open(url, monkeypatch)
        for now in (1_000.0, 1_004.0, 1_010.0):
            monkeypatch.setattr(openai_inference, "time", SimpleNamespace(time=lambda now=now: now))
            with pytest.raises(ModelNotReady):
                provider.chat(adapter.nowhere, ASK, BRIEF)
        assert len(opened) == 2
