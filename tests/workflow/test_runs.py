"""The real state machine, executed: what a run does when all is well, and when it is not."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.support.cloud import BUCKET, TABLE
from tests.support.dialogues import ANSWERED, export
from tests.support.engines import GatedEngine, broken_engine
from tests.support.faults import Fault

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain

KEY = "exports/하준/KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
JOBS = "/fine_tuning/jobs"


def states(version: dict[str, list[dict[str, str]]]) -> list[str]:
    return [entry["state"] for entry in version["timeline"]]


def test_a_dropped_export_becomes_a_persona_that_answers(chain: Chain) -> None:
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    version = chain.cloud.version("하준")
    assert version["status"] == "succeeded"
    assert states(version) == ["preparing", "uploading", "training", "deploying", "succeeded"]
    assert version["report"]["examples"]["train"] >= 10
    assert version["report"]["cost"] == {
        "base_model": "maltu-retrieval-1",
        "epochs": 9,
        "usd": 0,
        "evaluation_usd": 0,
    }
    assert version["trained_tokens"] > 0
    status, answer = chain.cloud.post(
        "/v1/chat/completions",
        {"model": "하준", "messages": [{"role": "user", "content": "밥 먹었어?"}], "temperature": 0},
    )
    assert status == 200
    assert answer["choices"][0]["message"]["content"] in ANSWERED
    assert answer["model"] == "하준"
    assert chain.cloud.get("/v1/models")[1]["data"][0]["id"] == "하준"
    assert chain.jobs() == ["succeeded"]
    assert chain.files() == [], "the chats must not stay at the provider"
    (told,) = chain.cloud.notifications()
    assert told == (
        f"Persona: 하준\nVersion: {version['version']}\n\n{version['verdict']}\n\n"
        "It answers at the endpoint now, under its own name."
    )


def test_the_dataset_and_its_report_stand_beside_each_other(chain: Chain) -> None:
    chain.cloud.drop(KEY, export())
    chain.cloud.finish()
    version = chain.cloud.version("하준")["version"]
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"datasets/하준/{version}/").get("Contents", [])
    files = [item.get("Key", "").rpartition("/")[2] for item in listed]
    assert files == [
        "replies.jsonl", "report.json", "style.html", "style.json", "train.jsonl", "validation.jsonl"
    ]  # fmt: skip
    first = s3.get_object(Bucket=BUCKET, Key=f"datasets/하준/{version}/train.jsonl")["Body"].readline()
    roles = [message["role"] for message in json.loads(first)["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant"]


def test_waits_grow_and_the_job_is_asked_until_it_ends(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(KEY, export())
        while chain.cloud.invoked["CheckStatusFunction"] < 6:
            engine.started.wait(0.01)
        engine.gate.set()
        (run,) = chain.cloud.finish()
        assert run["status"] == "SUCCEEDED"
        assert chain.cloud.waits[:6] == [30, 45, 67, 101, 120, 120]


def test_a_failed_job_ends_with_the_providers_reason(chain_with: OpenChain) -> None:
    with chain_with(broken_engine()) as chain:
        chain.cloud.drop(KEY, export())
        (run,) = chain.cloud.finish()
        assert (run["status"], run.get("error")) == ("FAILED", "TrainingFailed")
        version = chain.cloud.version("하준")
        assert version["status"] == "failed"
        assert version["failure"]["error"] == "TrainingFailed"
        assert "The provider could not train" in version["failure"]["reason"]
        assert chain.files() == []
        (notification,) = chain.cloud.notifications()
        assert version["failure"]["reason"] in notification
        status, answer = chain.cloud.post("/v1/completions", {"model": "하준", "prompt": "뭐해"})
        assert (status, answer["error"]["code"]) == (409, "persona_not_ready")


def test_a_failed_version_is_tried_again_when_its_export_is_dropped_again(chain_with: OpenChain) -> None:
    with chain_with(broken_engine()) as chain:
        event = chain.cloud.drop(KEY, export())
        chain.cloud.finish()
        assert chain.cloud.deliver(event) is None, "the same drop is not paid for again"
        chain.cloud.drop(KEY, export())
        first, second = chain.cloud.finish()
        assert (first["status"], second["status"]) == ("FAILED", "SUCCEEDED")
        version = chain.cloud.version("하준")
        assert (version["status"], version["attempt"], version["failure"]) == ("succeeded", 2, None)
        assert chain.jobs() == ["succeeded", "failed"]


def test_a_job_cancelled_at_the_provider_is_told_as_cancelled(chain_with: OpenChain) -> None:
    engine = GatedEngine()
    with chain_with(engine) as chain:
        chain.cloud.drop(KEY, export())
        assert engine.started.wait(10)
        (job,) = chain.provider.fine_tuning.jobs.list()
        chain.provider.fine_tuning.jobs.cancel(job.id)
        (run,) = chain.cloud.finish()
        assert run.get("error") == "TrainingCancelled"
        version = chain.cloud.version("하준")
        assert version["status"] == "cancelled"
        assert "cancelled at the provider" in version["failure"]["reason"]
        assert chain.files() == []


def test_a_job_that_never_ends_is_cancelled_at_the_deadline(chain_with: OpenChain) -> None:
    with chain_with(GatedEngine(), deadline_hours=0) as chain:
        chain.cloud.drop(KEY, export())
        (run,) = chain.cloud.finish()
        assert run.get("error") == "DeadlineExceeded"
        assert "did not finish within 0 hours" in chain.cloud.version("하준")["failure"]["reason"]
        assert chain.jobs() == ["cancelled"]
        assert chain.files() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", JOBS, status=429, times=3),
        Fault("POST", JOBS, status=503, times=2),
        Fault("POST", JOBS, action="lose_answer"),
    ],
    ids=["rate limited", "unavailable", "answer lost"],
)
def test_a_job_is_created_once_whatever_the_wire_does(chain: Chain, fault: Fault) -> None:
    chain.wire.faults.append(replace(fault))
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert chain.jobs() == ["succeeded"]


def test_a_file_is_uploaded_once_even_if_its_answer_is_lost(chain: Chain) -> None:
    chain.wire.faults.append(Fault("POST", "/files", action="lose_answer"))
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    assert chain.wire.served.count("POST /v1/files") == 2, "one for training, one for validation"


def test_an_account_that_may_not_train_is_told_so_and_its_file_removed(chain: Chain) -> None:
    chain.wire.faults.append(Fault("POST", JOBS, status=403, code="training_not_available", times=99))
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run.get("error") == "TrainingNotAvailable"
    assert "no longer lets this account create fine-tunes" in chain.cloud.version("하준")["failure"]["reason"]
    assert chain.files() == []
    assert chain.cloud.invoked["CreateFineTuneFunction"] == 1, "a refusal is not repeated"


def test_a_wrong_key_is_told_as_such(chain_with: OpenChain) -> None:
    with chain_with(key="wrong") as chain:
        chain.cloud.drop(KEY, export())
        chain.cloud.finish()
        failure = chain.cloud.version("하준")["failure"]
        assert failure["error"] == "ProviderRejected"
        assert "put a valid one into the provider's secret" in failure["reason"]
        assert "could not be removed" in failure["reason"], "nor can it clean up: the owner is told"


def test_a_missing_key_is_told_before_anything_is_sent(chain_with: OpenChain) -> None:
    with chain_with(key="") as chain:
        chain.cloud.drop(KEY, export())
        chain.cloud.finish()
        failure = chain.cloud.version("하준")["failure"]
        assert failure["error"] == "ProviderRejected"
        assert failure["reason"].startswith('There is no provider key yet: put {"api_key": "..."} into')
        assert chain.wire.served == []


def test_an_unknown_base_model_is_told_as_such(chain: Chain) -> None:
    boto3.client("s3").put_object(
        Bucket=BUCKET, Key="exports/하준/persona.json", Body=b'{"base_model": "gpt-9"}'
    )
    chain.cloud.drop(KEY, export())
    chain.cloud.finish()
    failure = chain.cloud.version("하준")["failure"]
    assert failure["error"] == "ProviderRejected"
    assert failure["reason"] == "The provider has no base model 'gpt-9': set base_model to another."
    assert not [line for line in chain.wire.served if line.startswith("POST")]


def test_a_model_is_kept_when_its_files_cannot_be_deleted(chain: Chain) -> None:
    chain.wire.faults.append(Fault("DELETE", "", status=400, times=99))
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    version = chain.cloud.version("하준")
    assert version["status"] == "succeeded"
    assert version["leftovers"] == [
        f"{version['version']}-train.jsonl",
        f"{version['version']}-validation.jsonl",
    ]


def test_the_same_event_twice_is_one_run(chain: Chain) -> None:
    event = chain.cloud.drop(KEY, export())
    chain.cloud.deliver(event)
    chain.cloud.finish()
    chain.cloud.deliver(event)
    assert len(chain.cloud.finish()) == 1
    assert chain.jobs() == ["succeeded"]


def test_a_bucket_without_versions_is_handled_as_well(chain: Chain) -> None:
    boto3.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    event = chain.cloud.drop(KEY, export())
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    chain.cloud.deliver(event)
    assert len(chain.cloud.finish()) == 1


def test_the_same_file_dropped_twice_is_one_run(chain: Chain) -> None:
    chain.cloud.drop(KEY, export())
    chain.cloud.drop("exports/하준/the same again.csv", export())
    assert len(chain.cloud.finish()) == 1
    chain.cloud.drop(KEY, export())
    assert len(chain.cloud.finish()) == 1
    assert chain.jobs() == ["succeeded"]


def test_the_same_file_dropped_at_once_is_one_run(chain: Chain) -> None:
    together = threading.Barrier(4)

    def drop(number: int) -> None:
        together.wait(10)
        chain.cloud.drop(f"exports/하준/{number}.csv", export())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drop, range(4)))
    assert len(chain.cloud.finish()) == 1
    assert chain.jobs() == ["succeeded"]


def test_other_settings_make_another_version(chain: Chain) -> None:
    chain.cloud.drop(KEY, export())
    chain.cloud.drop(KEY, export(), recipe="pair")
    assert len(chain.cloud.finish()) == 2


def test_the_live_pointer_never_moves_back(chain: Chain) -> None:
    boto3.client("dynamodb").put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": "personas"}, "sk": {"S": "하준"}, "created_at": {"S": "2026-01-01T00:00:00Z"},
            "live_version": {"S": "29990101t000000-newer"},
        },
    )  # fmt: skip
    chain.cloud.drop(KEY, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    status, body = chain.cloud.get("/v1/personas/하준")
    assert status == 200
    assert body["live_version"] == "29990101t000000-newer"
    assert body["versions"][0]["status"] == "succeeded"


def test_the_seeds_recipe_and_format_go_the_whole_way(chain: Chain) -> None:
    chain.cloud.drop(KEY, export(), recipe="pair", format="completions")
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED", run.get("cause")
    status, answer = chain.cloud.post(
        "/v1/completions", {"model": "하준", "prompt": "밥 먹었어?", "temperature": 0, "max_tokens": 60}
    )
    assert status == 200
    assert answer["choices"][0]["text"] in ANSWERED


def test_an_execution_carries_no_chat_text(chain: Chain) -> None:
    marker = "아무도-모르는-말"
    chain.cloud.drop(KEY, export().replace("누워있음", marker))
    (run,) = chain.cloud.finish()
    history = boto3.client("stepfunctions").get_execution_history(executionArn=run["executionArn"])
    told = json.dumps([history["events"], chain.cloud.notifications()], ensure_ascii=False, default=str)
    table = boto3.client("dynamodb").scan(TableName=TABLE)
    assert marker not in told
    assert marker not in json.dumps(table["Items"], ensure_ascii=False)
