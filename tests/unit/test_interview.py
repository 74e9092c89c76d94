"""Held-out questions are asked as the endpoint asks, and none that was answered is asked again."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from maltu import interview
from maltu.errors import ProviderUnavailable
from maltu.evaluation import report_style
from maltu.interview import Interview
from maltu.prompts import default_system_prompt
from maltu.providers import Replies, Reply
from maltu.registry import Registry
from maltu.serving import LiveModel
from maltu.settings import PersonaSettings
from maltu.storage import Bucket
from maltu.style import Question
from tests.unit.style.test_dataset import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from maltu.providers import Job, Sampling
    from maltu.settings import Format

KEY = "datasets/하준/v/replies.jsonl"
QUESTIONS = [Question(f"질문 {n}", ({"role": "user", "content": f"질문 {n}"},)) for n in range(20)]


@dataclass
class Answering:
    """A provider that answers so many questions and then is gone."""

    answers: int = 1000
    asked: list[Any] = field(default_factory=list[Any])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def chat(self, model: str, messages: Sequence[Mapping[str, str]], sampling: Sampling) -> Replies:
        return self._answer((model, [dict(message) for message in messages], sampling))

    def complete(self, model: str, prompt: str, sampling: Sampling) -> Replies:
        return self._answer((model, prompt, sampling))

    def glance(self, job: str) -> Job:
        raise AssertionError(f"nobody looks at {job} here")

    def _answer(self, asked: tuple[str, Any, Sampling]) -> Replies:
        with self.lock:
            if len(self.asked) >= self.answers:
                raise ProviderUnavailable("gone")
            self.asked.append(asked)
        said = asked[1] if isinstance(asked[1], str) else asked[1][-1]["content"]
        return Replies((Reply(f" 답: {said}", "stop"),), 1, 1)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="datasets")
        yield Bucket(client, "datasets")


def live(format_: str = "chat", model: str = "ft:1") -> LiveModel:
    settings = {
        "speaker": "하준", "system_prompt": default_system_prompt("하준"), "format": format_,
        "separator": "\n\n###\n\n", "stop": " END", "recipe": "conversation",
    }  # fmt: skip
    return LiveModel("하준", "v", model, settings, named=False)


def ask(bucket: Bucket, provider: Answering, of: LiveModel, questions: Sequence[Question]) -> list[str]:
    interviewing = Interview(bucket, provider)
    return [turn.text for turn in interviewing.replies(of, questions, key=KEY)]


def test_a_dialogue_is_asked_with_the_system_prompt_and_answers_are_bounded(bucket: Bucket) -> None:
    provider = Answering()
    dialogue = ({"role": "user", "content": "야"}, {"role": "assistant", "content": "왜"},
                {"role": "user", "content": "뭐해"})  # fmt: skip
    assert ask(bucket, provider, live(), [Question("뭐해", dialogue)]) == [" 답: 뭐해"]
    ((model, messages, sampling),) = provider.asked
    assert (model, sampling.max_tokens, sampling.n) == ("ft:1", 128, 1)
    assert messages == [{"role": "system", "content": default_system_prompt("하준")}, *dialogue]


def test_a_legacy_prompt_is_asked_as_it_was_trained(bucket: Bucket) -> None:
    provider = Answering()
    prompt = "상대: 뭐해\n\n###\n\n"
    assert ask(bucket, provider, live("completions"), [Question("뭐해", prompt=prompt)]) == [f"답: {prompt}"]
    ((_, asked, sampling),) = provider.asked
    assert (asked, sampling.stop) == (prompt, (" END",))


def test_what_was_answered_before_it_broke_off_is_not_asked_again(bucket: Bucket) -> None:
    provider = Answering(answers=13)
    with pytest.raises(ProviderUnavailable):
        ask(bucket, provider, live(), QUESTIONS)
    kept = [json.loads(line) for line in (bucket.read(KEY) or b"").splitlines()]
    assert 9 <= len(kept) <= 13, "what follows a question that was not answered is not kept"
    provider.answers = 1000
    before = len(provider.asked)
    assert ask(bucket, provider, live(), QUESTIONS) == [f" 답: 질문 {n}" for n in range(20)]
    assert len(provider.asked) - before == 20 - len(kept)
    assert ask(bucket, provider, live(), QUESTIONS) == [f" 답: 질문 {n}" for n in range(20)]
    assert len(provider.asked) - before == 20 - len(kept)


@pytest.mark.parametrize(
    ("of", "questions"),
    [(live(model="ft:2"), QUESTIONS), (live(), QUESTIONS[::-1])],
    ids=["model", "questions"],
)
def test_what_another_model_or_other_questions_got_does_not_count(
    bucket: Bucket, of: LiveModel, questions: list[Question]
) -> None:
    ask(bucket, Answering(), live(), QUESTIONS)
    provider = Answering()
    ask(bucket, provider, of, questions)
    assert len(provider.asked) == 20


def test_a_model_that_is_too_slow_is_judged_by_what_it_said(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interview, "SECONDS", -1.0)
    provider = Answering()
    assert ask(bucket, provider, live(), QUESTIONS) == []
    assert len(provider.asked) < 20, "nothing more is asked"


# -------------------------------------------------------------------------- a run's two models

RUN = {
    "persona": "하준", "version": "v", "base_model": "maltu-retrieval-1", "host": "openai",
    "validation_key": "datasets/하준/v/validation.jsonl", "model": "ft:1",
}  # fmt: skip


def registry(*, style_prompts: int = 5, format_: str = "chat") -> Registry:
    """One that knows the run's version, and nothing that is live."""
    most = {"style_prompts": style_prompts, "max_style_drop": None, "max_copy_rate": None}
    settings = {**live(format_).settings, **most}
    version = {"persona": "하준", "version": "v", "settings": settings, "named": False}
    known = {"version.return_value": version, "persona.return_value": None}
    return cast("Registry", mock.Mock(spec=Registry, **known))


def put_dataset(bucket: Bucket, folder: Path, format_: Format = "chat") -> None:
    write(folder, PersonaSettings(validation_share=0.2, format=format_))
    for file in folder.iterdir():
        bucket.write(f"datasets/하준/v/{file.name}", file.read_bytes(), content_type="text/plain")


@pytest.mark.parametrize("format_", ["chat", "completions"])
def test_a_model_and_its_base_are_asked_the_same_and_only_counts_are_told(
    bucket: Bucket, tmp_path: Path, format_: Format
) -> None:
    put_dataset(bucket, tmp_path, format_)
    provider = Answering()
    found = interview.interview(RUN, bucket=bucket, registry=registry(format_=format_), inference=provider)
    assert found == {"asked": 5, "base_asked": 5}
    models = [model for model, _, _ in provider.asked]
    assert models == ["ft:1"] * 5 + ["maltu-retrieval-1"] * 5
    kept = [bucket.read(f"datasets/하준/v/{name}.jsonl") or b"" for name in ("replies", "replies-base")]
    own, base = ([json.loads(line) for line in text.splitlines()] for text in kept)
    assert [line["prompt"] for line in own] == [line["prompt"] for line in base]
    assert own[0]["prompt"].startswith("16번 왔어?")


@pytest.mark.parametrize(("prompts", "key"), [(0, RUN["validation_key"]), (5, None)])
def test_nobody_is_asked_where_nothing_is_to_be_measured(
    bucket: Bucket, prompts: int, key: str | None
) -> None:
    known, provider = registry(style_prompts=prompts), Answering(answers=0)
    run = {**RUN, "validation_key": key}
    found = interview.interview(run, bucket=bucket, registry=known, inference=provider)
    assert found == {"asked": 0, "base_asked": 0}


def test_a_base_model_that_breaks_off_is_no_floor_and_keeps_nobody_back(
    bucket: Bucket, tmp_path: Path
) -> None:
    put_dataset(bucket, tmp_path)
    known = registry()
    asked = interview.interview(RUN, bucket=bucket, registry=known, inference=Answering(answers=5 + 3))
    assert asked == {"asked": 5, "base_asked": 0}
    assert bucket.read("datasets/하준/v/replies-base.jsonl"), "some of it was answered"
    verdict = report_style({**RUN, **asked}, bucket=bucket, registry=known)
    assert (verdict["promote"], verdict["scores"]["asked"]) == (True, 5)
    report = json.loads(bucket.read("datasets/하준/v/style.json") or b"")
    assert "other speaker alone is the floor" in report["warnings"][-1]
    assert [[*sample["replies"]] for sample in report["samples"]] == [["v"]] * 5
