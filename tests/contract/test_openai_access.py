"""What OpenAI lets an account do, found out before its chats leave, and said clearly when it is over."""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.behaviour import Behaviour
from maltu.errors import (
    ModelClosed,
    ModelNotReady,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TrainingFailed,
    TrainingNotAvailable,
)
from maltu.fine_tune import check_status, clean_up, create_fine_tune, ensure_deployed, upload_dataset
from maltu.providers import Sampling
from maltu.providers.base_models import BaseModel
from maltu.providers.hosts import LOCAL, OPENAI, UNKNOWN
from maltu.providers.openai import OpenAIProvider
from tests.support.engines import GatedEngine
from tests.support.faults import Fault, Faulty

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from maltu.providers.hosts import HostProfile

BASE = "maltu-retrieval-1"
VERSION = "20261018t134107000-3f9a1c2b4d5e"
RUN = {
    "version": VERSION,
    "training_key": "datasets/x/train.jsonl",
    "validation_key": "datasets/x/validation.jsonl",
    "base_model": BASE,
    "host": "openai",
    "n_epochs": 1,
}
ASK = [{"role": "user", "content": "밥 먹었어?"}]
JOBS = "POST /v1/fine_tuning/jobs"


@dataclass
class OneFile:
    """A bucket in which every key is the same dataset."""

    path: Path

    def uri(self, key: str) -> str:
        return f"s3://bucket/{key}"

    def copied(self, key: str) -> AbstractContextManager[Path]:
        del key
        return nullcontext(self.path)


@dataclass
class Account:
    """An account at a host, and the wire to it."""

    provider: OpenAIProvider
    wire: Faulty
    bucket: OneFile
    engine: GatedEngine

    def uploaded(self) -> int:
        return self.wire.served.count("POST /v1/files") - sum(
            line.startswith("DELETE /v1/files/") for line in self.wire.served
        )

    def finish(self) -> dict[str, object]:
        files = upload_dataset(RUN, bucket=self.bucket, provider=self.provider)  # pyright: ignore[reportArgumentType] - all that it asks of a bucket
        job = create_fine_tune({**RUN, **files}, provider=self.provider)
        while not (seen := check_status({**RUN, **job}, provider=self.provider))["done"]:
            pass
        return seen


@contextmanager
def account(
    folder: Path, behaviour: Behaviour | None = None, *, host: HostProfile = OPENAI, base: str = BASE
) -> Generator[Account]:
    engine = GatedEngine(base_model=base)
    engine.gate.set()
    wire = Faulty(create_app(folder / "state", engine=engine, api_key="key", host=behaviour or Behaviour()))
    dataset = folder / "train.jsonl"
    line = {"messages": [{"role": "user", "content": "뭐해"}, {"role": "assistant", "content": "일"}]}
    dataset.write_text((json.dumps(line) + "\n") * 12, "utf-8")
    with serve(wire) as url:
        provider = OpenAIProvider(api_key="key", base_url=url, host=host)
        yield Account(provider, wire, OneFile(dataset), engine)


@pytest.fixture
def openai(tmp_path: Path) -> Generator[Account]:
    with account(tmp_path) as up:
        yield up


def day(later: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=later)).isoformat()


class TestBeforeAnUpload:
    def test_who_may_train_passes_and_no_job_was_started(self, openai: Account) -> None:
        openai.provider.check_access(BASE)
        assert openai.wire.served.count(JOBS) == 1
        assert openai.provider._client.fine_tuning.jobs.list().data == []  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - what the account sees

    def test_that_there_is_no_place_now_keeps_nobody_out(self, tmp_path: Path) -> None:
        with account(tmp_path, Behaviour(most_jobs=0)) as full:
            # This host looks at the file first, others may count first.
            full.wire.faults.append(Fault("POST", "/jobs", status=429, code="daily_rate_limit_exceeded"))
            full.provider.check_access(BASE)
            files = upload_dataset(RUN, bucket=full.bucket, provider=full.provider)  # pyright: ignore[reportArgumentType] - as above
            with pytest.raises(RateLimited, match="daily_rate_limit_exceeded"):
                create_fine_tune({**RUN, **files}, provider=full.provider)

    def test_who_may_not_is_told_so_by_name(self, tmp_path: Path) -> None:
        with account(tmp_path, Behaviour(trains=False)) as shut_out:
            with pytest.raises(TrainingNotAvailable, match="training_not_available"):
                shut_out.provider.check_access(BASE)
            assert shut_out.wire.served.count("POST /v1/files") == 0

    def test_elsewhere_nobody_is_asked_to_start_a_job_for_nothing(self, tmp_path: Path) -> None:
        with account(tmp_path, host=LOCAL) as local:
            local.provider.check_access(BASE)
            assert JOBS not in local.wire.served

    @pytest.mark.parametrize(
        "refused",
        [
            Fault("POST", "/fine_tuning/jobs", status=400, code="model_not_available"),
            Fault("POST", "/fine_tuning/jobs", status=400, code="invalid_value", param="model"),
            Fault("POST", "/fine_tuning/jobs", status=404, code="model_not_found"),
        ],
    )
    def test_a_model_that_cannot_be_tuned_is_refused_though_it_is_listed(
        self, openai: Account, refused: Fault
    ) -> None:
        openai.wire.faults.append(refused)
        with pytest.raises(ProviderRejected, match="cannot tune maltu-retrieval-1"):
            openai.provider.check_access(BASE)

    def test_a_model_that_is_not_there_is_refused(self, openai: Account) -> None:
        with pytest.raises(ProviderRejected, match="no base model 'gpt-0'"):
            openai.provider.check_access("gpt-0")

    @pytest.mark.parametrize("later", [-1, 0, 3])
    def test_a_model_that_shuts_down_before_a_run_could_end_is_refused(
        self, tmp_path: Path, later: int
    ) -> None:
        with account(tmp_path, Behaviour(shutdown_date=day(later))) as ending:
            with pytest.raises(ProviderRejected) as refusal:
                ending.provider.check_access(BASE)
            said = str(refusal.value)
            assert day(later) in said
            assert "amazon.nova-micro-v1:0:128k (bedrock)" in said
            assert JOBS not in ending.wire.served

    @pytest.mark.parametrize("announced", [day(4), day(400), None, "soon"])
    def test_a_later_day_or_none_is_no_hindrance(self, tmp_path: Path, announced: str | None) -> None:
        with account(tmp_path, Behaviour(shutdown_date=announced)) as up:
            up.provider.check_access(BASE)

    def test_what_the_table_knows_as_closed_is_refused_though_the_host_lists_it(self, tmp_path: Path) -> None:
        with account(tmp_path, base="davinci-002") as up:
            with pytest.raises(ProviderRejected, match="2026-09-28"):
                up.provider.check_access("davinci-002")
            assert up.wire.served == []

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault("POST", "/jobs", status=429, code="insufficient_quota"), ProviderRejected),
            (Fault("POST", "/jobs", status=503), ProviderUnavailable),
            (Fault("POST", "/jobs", status=401), ProviderRejected),
            (Fault("POST", "/jobs", status=403), ProviderRejected),
        ],
    )
    def test_no_answer_about_access_is_no_access(
        self, openai: Account, fault: Fault, error: type[Exception]
    ) -> None:
        openai.wire.faults.append(fault)
        with pytest.raises(error):
            openai.provider.check_access(BASE)

    def test_a_web_page_is_no_provider(self, tmp_path: Path) -> None:
        with account(tmp_path, host=UNKNOWN) as up:
            up.wire.app = WebPage()
            with pytest.raises(ProviderUnavailable, match="no OpenAI API"):
                up.provider.check_access(BASE)

    def test_a_host_that_would_start_the_job_has_it_ended(self, tmp_path: Path) -> None:
        with account(tmp_path) as up:
            up.wire.app = Credulous(up.wire.app)
            up.provider.check_access(BASE)
            assert [line for line in up.wire.served if line.endswith("/cancel")] == [
                "POST /v1/fine_tuning/jobs/ftjob-1/cancel"
            ]


@dataclass
class Overheard:
    """Passes requests on and keeps their JSON bodies."""

    app: ASGIApp
    bodies: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        self.bodies.append(json.loads(message["body"]))

        async def again() -> Message:
            return message

        await self.app(scope, again, send)


@dataclass
class Told:
    """Answers with the JSON of the first ending that a path has."""

    answers: dict[str, object]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        body = next(answer for ending, answer in self.answers.items() if scope["path"].endswith(ending))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})


class WebPage:
    """What stands where a base URL should have ended in /v1."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
        )
        await send({"type": "http.response.body", "body": b"<html>"})


@dataclass
class Credulous:
    """Takes every job, and whatever is asked of one."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "/fine_tuning/" not in scope["path"]:
            await self.app(scope, receive, send)
            return
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id": "ftjob-1", "status": "queued"}'})


class TestWhatWasUploaded:
    def test_it_is_deleted_when_the_account_turns_out_to_be_shut_out(self, tmp_path: Path) -> None:
        with account(tmp_path, Behaviour(trains=False)) as shut_out:
            files = upload_dataset(RUN, bucket=shut_out.bucket, provider=shut_out.provider)  # pyright: ignore[reportArgumentType] - as above
            assert shut_out.uploaded() == 2
            with pytest.raises(TrainingNotAvailable) as refusal:
                create_fine_tune({**RUN, **files}, provider=shut_out.provider)
            cause = json.dumps({"errorMessage": str(refusal.value)})
            told = clean_up(
                {**RUN, "error": "TrainingNotAvailable", "cause": cause},
                open_provider=lambda: shut_out.provider,
            )
            assert shut_out.uploaded() == 0
            assert told["error"] == "TrainingNotAvailable"
            assert "training_not_available" in str(told["reason"])

    def test_a_job_that_waits_its_turn_keeps_it(self, openai: Account) -> None:
        files = upload_dataset(RUN, bucket=openai.bucket, provider=openai.provider)  # pyright: ignore[reportArgumentType] - as above
        openai.wire.faults.append(Fault("POST", "/fine_tuning/jobs", status=429, retry_after=90))
        with pytest.raises(RateLimited) as limited:
            create_fine_tune({**RUN, **files}, provider=openai.provider)
        assert limited.value.retry_after == 90
        assert openai.uploaded() == 2
        assert create_fine_tune({**RUN, **files}, provider=openai.provider)["job"]


class TestAfterTraining:
    def test_a_model_that_does_not_answer_yet_is_waited_for(self, openai: Account) -> None:
        trained = {**RUN, **openai.finish()}
        openai.wire.faults.append(
            Fault("POST", "/chat/completions", status=404, code="model_not_found", times=2)
        )
        for _ in range(2):
            waiting = ensure_deployed(trained, provider=openai.provider)
            assert (waiting["done"], waiting["model"]) == (False, None)
            assert "does not serve it yet" in waiting["progress"]
        ready = ensure_deployed(trained, provider=openai.provider)
        assert (ready["done"], ready["model"], ready["progress"]) == (True, trained["model"], None)

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_so_is_one_that_is_still_loading_or_busy(self, openai: Account, status: int) -> None:
        trained = {**RUN, **openai.finish()}
        openai.wire.faults.append(Fault("POST", "/chat/completions", status=status))
        assert not ensure_deployed(trained, provider=openai.provider)["done"]
        assert openai.wire.served.count("POST /v1/chat/completions") == 0
        assert ensure_deployed(trained, provider=openai.provider)["done"]

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (Fault("POST", "/chat/completions", status=401), ProviderRejected),
            (Fault("POST", "/chat/completions", status=429, code="insufficient_quota"), ProviderRejected),
        ],
    )
    def test_what_waiting_does_not_mend_is_not_waited_for(
        self, openai: Account, fault: Fault, error: type[Exception]
    ) -> None:
        trained = {**RUN, **openai.finish()}
        openai.wire.faults.append(fault)
        with pytest.raises(error):
            ensure_deployed(trained, provider=openai.provider)

    @pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
    def test_asking_whether_it_answers_costs_one_token(self, tmp_path: Path, limit: str) -> None:
        with account(tmp_path, host=replace(OPENAI, answer_limit=limit)) as up:  # pyright: ignore[reportArgumentType] - one of the two
            trained = {**RUN, **up.finish()}
            up.wire.app = heard = Overheard(up.wire.app)
            assert ensure_deployed(trained, provider=up.provider)["done"]
            (asked,) = heard.bodies
            assert asked[limit] == 1
            assert asked["messages"] == [{"role": "user", "content": "."}]

    def test_the_newest_events_come_first_however_a_host_lists_them(self, openai: Account) -> None:
        events = [{"id": f"e{at}", "created_at": at, "message": f"step {at}"} for at in (3, 1, 2)]
        told: dict[str, object] = {
            "/events": {"object": "list", "data": events},
            "/jobs/j": {"id": "j", "status": "running"},
        }
        openai.wire.app = Told(told)
        assert openai.provider.get_job("j").events == ("step 3", "step 2", "step 1")

    def test_a_failed_job_tells_code_message_and_last_events(self, openai: Account) -> None:
        openai.bucket.path.write_text("not json\n" * 12, "utf-8")
        with pytest.raises(TrainingFailed) as failed:
            openai.finish()
        said = str(failed.value)
        assert "invalid_training_file" in said
        assert "ine 1" in said
        assert "Validating training file" in said
        assert said.index("Validating training file") < said.index("The job failed")


class TestAnswers:
    @pytest.mark.parametrize("model", ["ft:davinci-002:me::x", "ft:babbage-002:me::x"])
    def test_a_model_whose_base_was_shut_down_is_told_with_the_day(self, openai: Account, model: str) -> None:
        with pytest.raises(ModelClosed, match="2026-09-28"):
            openai.provider.complete(model, "뭐해", Sampling(max_tokens=5))

    def test_a_base_that_only_takes_no_more_jobs_still_answers(
        self, openai: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        retired = BaseModel(id=BASE, trains_until=date(2024, 1, 1), closes_on=date(2999, 1, 1))
        monkeypatch.setattr("maltu.providers.refusals.base_model", {BASE: retired}.__getitem__)
        with pytest.raises(ModelNotReady):
            openai.provider.chat(f"ft:{BASE}:me::x", ASK, Sampling(max_tokens=5))

    def test_a_model_that_is_merely_missing_is_not(self, openai: Account) -> None:
        with pytest.raises(ModelNotReady):
            openai.provider.chat(f"ft:{BASE}:me::x", ASK, Sampling(max_tokens=5))

    def test_a_quota_is_no_rate_limit(self, openai: Account) -> None:
        openai.wire.faults += [
            Fault("POST", "/chat/completions", status=429, retry_after=7),
            Fault("POST", "/chat/completions", status=429, code="insufficient_quota", retry_after=7),
            Fault("POST", "/chat/completions", status=402),
        ]
        with pytest.raises(RateLimited) as limited:
            openai.provider.chat("m", ASK, Sampling(max_tokens=5))
        assert limited.value.retry_after == 7
        for _ in range(2):
            with pytest.raises(ProviderRejected, match="no credit left"):
                openai.provider.chat("m", ASK, Sampling(max_tokens=5))

    @pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
    def test_an_answer_is_bounded_by_the_hosts_own_parameter(self, tmp_path: Path, name: str) -> None:
        with account(tmp_path, host=replace(OPENAI, answer_limit=name)) as up:  # pyright: ignore[reportArgumentType] - one of the two
            model = str(up.finish()["model"])
            replies = up.provider.chat(model, [{"role": "user", "content": "뭐해"}], Sampling(max_tokens=1))
            assert replies.completion_tokens <= 1
