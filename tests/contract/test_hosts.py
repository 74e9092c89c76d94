"""The openai adapter at hosts that do otherwise than OpenAI, against a server that behaves like each."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import openai
import pytest

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.behaviour import BEHAVIOURS, Behaviour
from maltu.errors import ModelNotReady, ProviderRejected, ProviderUnavailable
from maltu.providers import DatasetFile, Sampling
from maltu.providers.hosts import CRUSOE, FOUNDRY, LOCAL, NEBIUS, OPENAI, UNKNOWN, HostProfile, host_profile
from maltu.providers.marks import mark
from maltu.providers.openai import OpenAIProvider
from tests.support.engines import GatedEngine
from tests.support.faults import Fault, Faulty

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from maltu.providers import Job

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
RUN = "20261018t134107000-3f9a1c2b4d5e"
ANOTHER = "20261018t134107000-000000000000"
ASK = [{"role": "user", "content": "밥 먹었어?"}]
LINE = (
    '{"messages": [{"role": "user", "content": "밥 먹었어? %d"}, '
    '{"role": "assistant", "content": "ㅇㅇ %d"}]}\n'
)
HOSTS = {"nebius": NEBIUS, "crusoe": CRUSOE, "foundry": FOUNDRY}


@dataclass
class Host:
    """A host that behaves like one of those above, and the adapter as it is set up for it."""

    provider: OpenAIProvider
    client: openai.OpenAI
    wire: Faulty
    dataset: Path
    base: str

    def upload(self, run: str = RUN) -> str:
        stored = DatasetFile(f"{run}-train.jsonl", "s3://bucket/x", lambda: nullcontext(self.dataset))
        return self.provider.upload(stored)

    def start(self, run: str = RUN, n_epochs: int | None = 1) -> Job:
        training = self.upload(run)
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.provider.create_job(
                    run=run, base_model=self.base, training=training, validation=None, n_epochs=n_epochs
                )
            except ProviderUnavailable as error:
                if "still reading" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def train(self, run: str = RUN) -> str:
        job = self.start(run)
        deadline = time.monotonic() + 20
        while (seen := self.provider.get_job(job.id)).status in {"pending", "running"}:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert seen.status == "succeeded", seen.reason
        assert seen.model is not None
        return seen.model

    def deployed(self, model: str, run: str = RUN) -> str | None:
        return self.provider.ensure_deployed(run=run, base_model=self.base, model=model)

    def deployed_at_last(self, model: str, run: str = RUN) -> str:
        for _ in range(5):
            try:
                served = self.deployed(model, run)
            except ModelNotReady:
                continue
            assert served is not None
            return served
        raise TimeoutError(model)

    def put_deployment(self, name: str, model: str) -> None:
        root = str(self.client.base_url).removesuffix("/v1/")
        self.client.put(f"{root}/deployments/{name}", body={"model": model}, cast_to=object)


@contextmanager
def host(
    folder: Path, profile: HostProfile, behaviour: Behaviour, *, base: str = "maltu-retrieval-1"
) -> Generator[Host]:
    engine = GatedEngine(base_model=base)
    engine.gate.set()
    wire = Faulty(create_app(folder / "state", engine=engine, api_key="key", host=behaviour))
    dataset = folder / "train.jsonl"
    dataset.write_text("".join(LINE % (n, n) for n in range(12)), "utf-8")
    with serve(wire) as url:
        here = replace(profile, inference_url=url if profile.inference_url else None)
        provider = OpenAIProvider(api_key="key", base_url=url, host=here)
        with openai.OpenAI(api_key="key", base_url=url, max_retries=0) as client:
            yield Host(provider, client, wire, dataset, base)


@pytest.fixture(params=list(HOSTS))
def any_host(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Host]:
    name = request.param
    quick = replace(BEHAVIOURS[name], file_seconds=0.2)
    with host(tmp_path, HOSTS[name], quick, base=LLAMA) as up:
        yield up


@pytest.fixture
def nebius(tmp_path: Path) -> Generator[Host]:
    with host(tmp_path, NEBIUS, BEHAVIOURS["nebius"], base=LLAMA) as up:
        yield up


@pytest.fixture(params=["crusoe", "foundry"])
def by_hand(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Host]:
    name = request.param
    with host(tmp_path, HOSTS[name], replace(BEHAVIOURS[name], file_seconds=0.1)) as up:
        yield up


@pytest.mark.parametrize(
    ("url", "profile"),
    [
        (None, OPENAI),
        ("https://api.openai.com/v1", OPENAI),
        ("https://eu.api.openai.com/v1", OPENAI),
        ("https://api.tokenfactory.nebius.com/v1/", NEBIUS),
        ("https://api.tokenfactory.eu-west1.nebius.com/v1/", NEBIUS),
        ("https://api.intelligence.crusoecloud.com/v1", CRUSOE),
        ("https://me.services.ai.azure.com/api/projects/p/openai/v1/", FOUNDRY),
        ("https://me.openai.azure.com/openai/v1/", FOUNDRY),
        ("http://127.0.0.1:8000/v1", LOCAL),
        ("https://example.com/api.openai.com/v1", UNKNOWN),
        ("https://notopenai.azure.com.example.com/v1", UNKNOWN),
    ],
)
def test_a_profile_goes_by_the_host_name_alone(url: str | None, profile: HostProfile) -> None:
    assert host_profile(url) is profile


def test_a_guide_names_what_to_deploy_and_how_to_call_it() -> None:
    for profile in (*HOSTS.values(), OPENAI, LOCAL, UNKNOWN):
        assert ("{model}" in profile.guide and "{deployment}" in profile.guide) == (
            profile.deploy == "by_hand"
        )


class TestEverywhere:
    def test_a_run_finds_its_file_and_its_job_again(self, any_host: Host) -> None:
        first = any_host.start()
        assert any_host.upload() == any_host.upload()
        assert any_host.start().id == first.id
        assert any_host.start(ANOTHER).id != first.id

    def test_a_job_whose_answer_was_lost_is_found_and_not_made_again(self, any_host: Host) -> None:
        any_host.upload()
        time.sleep(0.25)
        any_host.wire.faults.append(Fault("POST", "/fine_tuning/jobs", action="lose_answer"))
        with pytest.raises(ProviderUnavailable):
            any_host.start()
        any_host.start()
        assert len(any_host.client.fine_tuning.jobs.list().data) == 1

    def test_the_provider_decides_about_epochs_where_nobody_chose(self, any_host: Host) -> None:
        assert any_host.start(n_epochs=None).status in {"pending", "running", "succeeded"}

    def test_the_base_model_is_let_through_before_an_upload(self, any_host: Host) -> None:
        any_host.provider.check_access(any_host.base)
        assert not [line for line in any_host.wire.served if line.startswith("POST")]

    def test_a_run_that_trained_nothing_leaves_nothing_to_delete(self, any_host: Host) -> None:
        any_host.start()
        assert any_host.provider.delete_models(ANOTHER) == ()

    def test_a_file_that_is_larger_than_the_host_takes_never_leaves(self, any_host: Host) -> None:
        small = replace(any_host.provider._host, max_file_bytes=100)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - no test writes gigabytes
        url = str(any_host.client.base_url)
        any_host.provider = OpenAIProvider(api_key="key", base_url=url, host=small)
        with pytest.raises(ProviderRejected, match="takes files of 0 MiB"):
            any_host.upload()
        assert any_host.client.files.list().data == []


class TestNebius:
    def test_a_model_is_deployed_and_answers_under_the_name_that_the_host_gave(self, nebius: Host) -> None:
        model = nebius.train()
        with pytest.raises(ModelNotReady):
            nebius.provider.chat(model, ASK, Sampling(max_tokens=9))
        with pytest.raises(ModelNotReady, match="validating"):
            nebius.deployed(model)
        with pytest.raises(ModelNotReady, match="validating"):
            nebius.deployed(model)
        served = nebius.deployed(model)
        assert served is not None
        assert served.startswith(f"meta-llama/Meta-Llama-3.1-8B-Instruct-LoRa:{mark(RUN)}-")
        replies = nebius.provider.chat(served, ASK, Sampling(max_tokens=9, temperature=0))
        assert replies.choices[0].text.startswith("ㅇㅇ")
        assert sum(line == "POST /v0/models" for line in nebius.wire.served) == 1

    def test_a_deployment_whose_answer_was_lost_is_found_again(self, nebius: Host) -> None:
        model = nebius.train()
        nebius.wire.faults.append(Fault("POST", "/v0/models", action="lose_answer"))
        with pytest.raises(ProviderUnavailable):
            nebius.deployed(model)
        with pytest.raises(ModelNotReady):
            nebius.deployed(model)
        assert nebius.deployed(model)
        assert sum(line == "POST /v0/models" for line in nebius.wire.served) == 1

    @pytest.mark.parametrize("answer", [b"{}", b'"x"', b"[{}]", b'{"data": "x"}', b"<html>"])
    def test_a_list_that_is_none_is_no_crash(self, nebius: Host, answer: bytes) -> None:
        model = nebius.train()
        nebius.wire.app = Instead(nebius.wire.app, "/v0/models", answer)
        with pytest.raises(ProviderUnavailable, match="could not be read"):
            nebius.deployed(model)

    @pytest.mark.parametrize("wrapped", [b'{"data": [%s]}', b"[%s]"])
    def test_a_served_model_is_called_as_its_flavor_says(self, nebius: Host, wrapped: bytes) -> None:
        named = nebius.deployed_at_last(nebius.train())
        told = {"name": mark(RUN), "status": "active", "flavors": [{"model_id": named}]}
        listed = wrapped % json.dumps(told).encode()
        nebius.wire.app = Instead(nebius.wire.app, "/v0/models", listed)
        assert nebius.deployed("anything") == named

    def test_two_runs_have_two_deployments(self, nebius: Host) -> None:
        models = {run: nebius.train(run) for run in (RUN, ANOTHER)}
        served = {run: nebius.deployed_at_last(model, run) for run, model in models.items()}
        assert [mark(run) in name for run, name in served.items()] == [True, True]
        assert len(set(served.values())) == 2

    def test_a_base_that_serves_under_its_own_name_is_an_error_with_the_hosts_reason(
        self, tmp_path: Path
    ) -> None:
        behaviour = replace(BEHAVIOURS["nebius"], serving_bases={LLAMA: "somewhere/else"})
        with host(tmp_path, NEBIUS, behaviour, base=LLAMA) as up:
            model = up.train()
            with pytest.raises(ProviderRejected, match="is served on somewhere/else"):
                up.deployed(model)

    def test_all_weights_could_not_be_served_so_an_adapter_is_asked_for(self, tmp_path: Path) -> None:
        whole = replace(NEBIUS, hyperparameters={})
        with host(tmp_path, whole, BEHAVIOURS["nebius"], base=LLAMA) as up:
            model = up.train()
            with pytest.raises(ProviderRejected, match="Only LoRA adapters"):
                up.deployed(model)

    def test_what_was_deployed_is_deleted_after_the_files_are(self, nebius: Host) -> None:
        model = nebius.train()
        served = nebius.deployed_at_last(model)
        nebius.provider.delete_files([f"{RUN}-train.jsonl"])
        assert nebius.provider.delete_models(RUN) == (served,)
        assert nebius.provider.delete_models(RUN) == ()
        with pytest.raises(ModelNotReady):
            nebius.provider.chat(served, ASK, Sampling(max_tokens=9))


class TestDeployedByHand:
    def test_the_run_waits_and_says_what_to_do_until_it_is_done(self, by_hand: Host) -> None:
        model = by_hand.train()
        with pytest.raises(ModelNotReady) as waiting:
            by_hand.deployed(model)
        said = str(waiting.value)
        assert mark(RUN) in said
        (job,) = by_hand.client.fine_tuning.jobs.list().data
        (checkpoint,) = by_hand.client.fine_tuning.jobs.checkpoints.list(job.id).data
        shown: dict[str, Any] = checkpoint.model_extra or {}
        deployable = shown.get("fine_tuned_model_id") or job.fine_tuned_model
        assert str(deployable) in said
        by_hand.put_deployment(mark(RUN), str(deployable))
        assert by_hand.deployed(model) == mark(RUN)
        replies = by_hand.provider.chat(mark(RUN), ASK, Sampling(max_tokens=9, temperature=0))
        assert replies.choices[0].text.startswith("ㅇㅇ")

    def test_what_only_the_owner_can_delete_is_told_and_not_claimed(self, by_hand: Host) -> None:
        model = by_hand.train()
        by_hand.provider.delete_files([f"{RUN}-train.jsonl"])
        with pytest.raises(ProviderRejected, match="Only you can delete") as left:
            by_hand.provider.delete_models(RUN)
        assert mark(RUN) in str(left.value)
        assert model in str(left.value)

    def test_the_last_checkpoint_is_what_to_deploy(self, tmp_path: Path) -> None:
        with host(tmp_path, CRUSOE, BEHAVIOURS["crusoe"]) as up:
            model = up.train()
            (job,) = up.client.fine_tuning.jobs.list().data
            steps = [
                {"id": f"ftckpt_{step}", "step_number": step, "fine_tuned_model_id": f"ftmodel-{step}"}
                for step in (20, 40, 30)
            ]
            listed = json.dumps({"object": "list", "data": steps}).encode()
            up.wire.app = Instead(up.wire.app, f"/v1/fine_tuning/jobs/{job.id}/checkpoints", listed)
            with pytest.raises(ModelNotReady, match="ftmodel-40 "):
                up.deployed(model)

    def test_it_is_asked_where_the_host_answers_and_not_where_it_trains(self, tmp_path: Path) -> None:
        with host(tmp_path, CRUSOE, BEHAVIOURS["crusoe"]) as up:
            model = up.train()
            elsewhere = replace(CRUSOE, inference_url="http://127.0.0.1:9/v1")
            url = str(up.client.base_url)
            up.provider = OpenAIProvider(api_key="key", base_url=url, host=elsewhere)
            with pytest.raises(ProviderUnavailable, match="could not be reached"):
                up.deployed(model)
            with pytest.raises(ProviderUnavailable, match="could not be reached"):
                up.provider.chat(mark(RUN), ASK, Sampling(max_tokens=1))


@pytest.mark.parametrize(
    "trace",
    [
        {"metadata": {"maltu_run": RUN}},
        {"suffix": mark(RUN)},
        {"user_provided_suffix": mark(RUN)},
        {"fine_tuned_model": f"ft:base:me:{mark(RUN)}:x"},
    ],
)
def test_any_trace_of_a_run_tells_its_job_once_its_files_are_gone(
    tmp_path: Path, trace: dict[str, Any]
) -> None:
    with host(tmp_path, UNKNOWN, BEHAVIOURS["openai"]) as up:
        jobs = [
            {"id": "ours", "status": "running", "training_file": "gone", **trace},
            {"id": "theirs", "status": "running", "training_file": "gone", "suffix": mark(ANOTHER)},
        ]
        listed = json.dumps({"object": "list", "data": jobs}).encode()
        up.wire.app = Instead(up.wire.app, "/v1/fine_tuning/jobs", listed)
        with pytest.raises(ProviderRejected):  # the server knows of no such job
            up.provider.cancel_job(RUN)
        cancelled = [line for line in up.wire.served if line.endswith("/cancel")]
        assert cancelled == ["POST /v1/fine_tuning/jobs/ours/cancel"]


def test_a_job_waits_for_its_file_where_the_host_reads_it_first(tmp_path: Path) -> None:
    with host(tmp_path, FOUNDRY, replace(BEHAVIOURS["foundry"], file_seconds=600)) as up:
        training = up.upload()
        with pytest.raises(ProviderUnavailable, match="still reading the file"):
            up.provider.create_job(
                run=RUN, base_model=up.base, training=training, validation=None, n_epochs=1
            )
        assert not [line for line in up.wire.served if line.endswith("POST /v1/fine_tuning/jobs")]


def test_a_host_nobody_knows_is_asked_as_openai_is_and_found_by_any_trace(tmp_path: Path) -> None:
    forgetful = replace(BEHAVIOURS["openai"], shows_mark=False)
    with host(tmp_path, UNKNOWN, forgetful) as up:
        first = up.start()
        (job,) = up.client.fine_tuning.jobs.list().data
        assert job.metadata == {"maltu_run": RUN}
        assert up.start().id == first.id


def test_a_listing_that_ignores_its_cursor_ends(tmp_path: Path) -> None:
    behaviour = replace(BEHAVIOURS["crusoe"], checkpoint_model=None)
    with host(tmp_path, CRUSOE, behaviour) as up:
        up.start()
        up.wire.app = Endless(up.wire.app)
        assert up.start(ANOTHER).id


@dataclass
class Instead:
    """Answers one path with something else."""

    app: ASGIApp
    path: str
    answer: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self.path:
            await self.app(scope, receive, send)
            return
        kind = b"text/html" if self.answer.startswith(b"<") else b"application/json"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": self.answer})


@dataclass
class Endless:
    """Says of every list that there is more, and begins again."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return

        async def say_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [pair for pair in message["headers"] if pair[0] != b"content-length"]
            else:
                body = message.get("body", b"")
                message["body"] = body.replace(b'"has_more":false', b'"has_more":true')
            await send(message)

        await self.app({**scope, "query_string": b""}, receive, say_more)
