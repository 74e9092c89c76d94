from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest

from tests.contract.finetuning.conftest import BASE, until, upload
from tests.unit.finetuning.dialogue import jsonl, turns

if TYPE_CHECKING:
    from openai import OpenAI


@pytest.fixture(scope="module")
def training_file(client: OpenAI) -> str:
    return upload(client, jsonl("minji"))


def test_a_job_ends_with_a_model_and_tells_how(client: OpenAI, training_file: str) -> None:
    validation_file = upload(client, jsonl("park"))
    made = client.fine_tuning.jobs.create(
        model=BASE,
        training_file=training_file,
        validation_file=validation_file,
        suffix="민지 Kim!",
        seed=42,
        metadata={"run": "r1"},
        method={
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": "auto"}},
        },
    )
    assert (made.status, made.fine_tuned_model, made.trained_tokens) == ("validating_files", None, None)
    assert (made.hyperparameters.n_epochs, made.hyperparameters.batch_size) == (3, "auto")
    done = until(client, made.id)
    assert done.status == "succeeded"
    assert done.error is None
    assert done.finished_at is not None
    assert done.finished_at >= done.created_at
    assert (done.seed, done.metadata, done.validation_file) == (42, {"run": "r1"}, validation_file)
    assert (done.hyperparameters.n_epochs, done.hyperparameters.batch_size) == (3, 16)
    assert done.method is not None
    assert done.method.supervised is not None
    assert done.method.supervised.hyperparameters is not None
    assert done.method.supervised.hyperparameters.batch_size == 16
    assert done.trained_tokens == 3 * sum(map(len, turns("minji")))
    assert (done.fine_tuned_model or "").startswith(f"ft:{BASE}:local:민지-kim-:")


def test_a_job_has_events_a_checkpoint_and_a_result_file(client: OpenAI, training_file: str) -> None:
    job = client.fine_tuning.jobs.create(
        model=BASE, training_file=training_file, hyperparameters={"n_epochs": 4}
    )
    done = until(client, job.id)
    events = list(client.fine_tuning.jobs.list_events(job.id, limit=3))
    assert events[0].message == "The job has successfully completed"
    assert events[-1].message == f"Created fine-tuning job: {job.id}"
    metrics: list[Any] = [event.data for event in reversed(events) if event.type == "metrics"]
    steps = [data["step"] for data in metrics if "train_loss" in data]
    assert len(steps) == 4
    assert steps == sorted(set(steps))
    (checkpoint,) = client.fine_tuning.jobs.checkpoints.list(job.id)
    assert checkpoint.fine_tuned_model_checkpoint == done.fine_tuned_model
    assert checkpoint.fine_tuning_job_id == job.id
    assert checkpoint.step_number == steps[-1]
    last = next(data for data in reversed(metrics) if "train_loss" in data)
    assert checkpoint.metrics.train_loss == last["train_loss"]
    assert checkpoint.metrics.full_valid_loss == last["full_valid_loss"]
    (result,) = done.result_files
    assert client.files.retrieve(result).purpose == "fine-tune-results"
    assert len(client.files.content(result).text.splitlines()) == 1 + len(metrics)


def test_jobs_are_found_by_their_metadata(client: OpenAI, training_file: str) -> None:
    def create(**metadata: str) -> str:
        return client.fine_tuning.jobs.create(model=BASE, training_file=training_file, metadata=metadata).id

    first, second = create(run="same"), create(run="same", part="2")
    other = create(run="other")
    assert first != second
    jobs = client.fine_tuning.jobs
    assert [job.id for job in jobs.list(metadata={"run": "same"})] == [second, first]
    assert [job.id for job in jobs.list(metadata={"run": "same", "part": "2"})] == [second]
    assert [job.id for job in jobs.list(metadata={"run": "same"}, limit=1)] == [second, first]
    assert [job.id for job in jobs.list(limit=2).data] == [other, second]
    assert jobs.list(limit=2).has_more
    assert [job.id for job in jobs.list(limit=1, after=second).data] == [first]
    assert not jobs.list(metadata={"run": "none"}).data
    for job in (first, second, other):
        until(client, job)


def test_a_finished_job_cannot_be_cancelled(client: OpenAI, training_file: str) -> None:
    job = client.fine_tuning.jobs.create(model=BASE, training_file=training_file)
    until(client, job.id)
    with pytest.raises(openai.BadRequestError, match="already completed"):
        client.fine_tuning.jobs.cancel(job.id)


def test_an_unknown_job_is_not_found(client: OpenAI) -> None:
    jobs = client.fine_tuning.jobs
    for call in (jobs.retrieve, jobs.cancel, jobs.list_events, jobs.checkpoints.list):
        with pytest.raises(openai.NotFoundError) as caught:
            call("ftjob-none")
        assert caught.value.code == "fine_tune_not_found"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("model", "gpt-4o-mini", "model_not_available"),
        ("model", None, "missing_required_parameter"),
        ("model", 3, "invalid_type"),
        ("training_file", "file-none", "file_not_found"),
        ("training_file", None, "missing_required_parameter"),
        ("validation_file", "file-none", "file_not_found"),
        ("suffix", "x" * 65, "string_above_max_length"),
        ("seed", -1, "integer_below_min_value"),
        ("seed", "1", "invalid_type"),
        ("metadata", {str(at): "" for at in range(17)}, None),
        ("metadata", {"k" * 65: ""}, None),
        ("metadata", {"k": "v" * 513}, "string_above_max_length"),
        ("metadata", {"k": 1}, "invalid_type"),
        ("hyperparameters", {"n_epochs": 51}, "integer_above_max_value"),
        ("hyperparameters", {"n_epochs": "many"}, "invalid_type"),
        ("hyperparameters", {"batch_size": 0}, "integer_below_min_value"),
        ("hyperparameters", {"learning_rate_multiplier": 0}, None),
        ("method", {"type": "dpo"}, "unsupported_method"),
        ("method", {}, "missing_required_parameter"),
    ],
)
def test_a_wrong_field_is_refused_before_a_job_exists(
    client: OpenAI, training_file: str, field: str, value: object, code: str | None
) -> None:
    before = len(list(client.fine_tuning.jobs.list(limit=100)))
    body = {"model": BASE, "training_file": training_file, field: value}
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/fine_tuning/jobs", body=body, cast_to=object)
    assert caught.value.code == code
    assert caught.value.type == "invalid_request_error"
    assert (caught.value.param or "").partition(".")[0] in {
        field,
        *(value if isinstance(value, dict) else ()),
        "type",
    }
    assert len(list(client.fine_tuning.jobs.list(limit=100))) == before


def test_a_result_file_is_no_training_file(client: OpenAI) -> None:
    file = client.files.create(file=("a.jsonl", jsonl("minji")), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="needs 'fine-tune'"):
        client.fine_tuning.jobs.create(model=BASE, training_file=file.id)


GOOD = jsonl("minji").splitlines(keepends=True)
SECRET = "비밀"


def chat(*messages: dict[str, object]) -> bytes:
    return json.dumps({"messages": messages}).encode()


USER: dict[str, object] = {"role": "user", "content": SECRET}
ASSISTANT: dict[str, object] = {"role": "assistant", "content": SECRET}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (SECRET.encode(), "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1]", "not a JSON object"),
        (b'{"prompt": "x"}', "key 'completion' is missing"),
        (b'{"text": "x"}', "key 'prompt' is missing"),
        (b'{"prompt": "x", "completion": "y"}', "chat and prompt/completion examples must not share a file"),
        (b'{"prompt": 1, "completion": "y"}', "'prompt' must be a string"),
        (b'{"prompt": "x", "completion": " "}', "'completion' is empty"),
        (chat(), "'messages' must be a non-empty array"),
        (chat(USER), "no assistant message"),
        (chat(USER, {**ASSISTANT, "weight": 0}), "no assistant message"),
        (chat(USER, {**ASSISTANT, "weight": 2}), "message 2: 'weight'"),
        (chat({**USER, "weight": 1}, ASSISTANT), "message 1: 'weight'"),
        (chat({**USER, "role": "friend"}, ASSISTANT), "message 1: 'role'"),
        (chat({"role": "user"}, ASSISTANT), "message 1 has no key 'content'"),
        (chat({"content": "x"}, ASSISTANT), "message 1 has no key 'role'"),
        (chat(USER, {**ASSISTANT, "content": ""}), "message 2: 'content' is empty"),
        (chat(USER, {**ASSISTANT, "content": None}), "message 2: 'content' must be"),
        (chat(USER, {**ASSISTANT, "content": [{"type": "image_url"}]}), "message 2: every part"),
        (chat(USER, {**ASSISTANT, SECRET: "x"}), "message 2 has a key other than"),
    ],
)
def test_a_wrong_line_fails_the_job_with_its_number(client: OpenAI, line: bytes, why: str) -> None:
    file = upload(client, b"".join(GOOD[:12]) + line + b"\n" + b"".join(GOOD[12:]))
    job = until(client, client.fine_tuning.jobs.create(model=BASE, training_file=file).id)
    assert job.status == "failed"
    assert job.fine_tuned_model is None
    assert job.error is not None
    assert (job.error.code, job.error.param) == ("invalid_training_file", "training_file")
    assert f"Line 13: {why}" in job.error.message
    assert SECRET not in job.error.message
    assert client.fine_tuning.jobs.list_events(job.id).data[0].level == "error"


def test_nine_examples_are_too_few(client: OpenAI) -> None:
    file = upload(client, b"".join(GOOD[:9]))
    job = until(client, client.fine_tuning.jobs.create(model=BASE, training_file=file).id)
    assert job.error is not None
    assert job.error.code == "invalid_n_examples"
    assert "has 9 example(s), but must have at least 10 examples" in job.error.message


def test_a_wrong_validation_file_fails_the_job(client: OpenAI, training_file: str) -> None:
    broken = upload(client, b'{"messages": 1}')
    legacy = upload(client, b'{"prompt": "x", "completion": "y"}')
    for file, why in ((broken, "Line 1: 'messages'"), (legacy, "must be of one kind")):
        job = client.fine_tuning.jobs.create(model=BASE, training_file=training_file, validation_file=file)
        error = until(client, job.id).error
        assert error is not None
        assert (error.code, error.param) == ("invalid_validation_file", "validation_file")
        assert why in error.message


def test_a_deprecated_completions_file_trains_too(client: OpenAI) -> None:
    lines = [json.dumps({"prompt": f"질문 {at} ->", "completion": f" 대답 {at}\n"}) for at in range(10)]
    file = upload(client, "\n".join(["", *lines, ""]).encode("utf-8-sig"))
    done = until(client, client.fine_tuning.jobs.create(model=BASE, training_file=file).id)
    assert done.fine_tuned_model, done.error
    answer = client.completions.create(
        model=done.fine_tuned_model, prompt="질문 3 ->", temperature=0, stop=["\n"], max_tokens=100
    )
    assert answer.choices[0].text == " 대답 3"
    assert answer.choices[0].finish_reason == "stop"
