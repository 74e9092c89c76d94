"""Held-out questions are asked as the endpoint asks, and none that was answered is asked again."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from maltu import interview
from maltu.errors import ProviderUnavailable
from maltu.interview import Interview
from maltu.prompts import default_system_prompt
from maltu.providers import Replies, Reply
from maltu.serving import LiveModel
from maltu.storage import Bucket
from maltu.style import Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from maltu.providers import Job, Sampling

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
