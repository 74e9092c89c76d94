"""The sample's two friends, each learned from the same chat: each must sound like themselves."""

from __future__ import annotations

import json
import time
from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING

import openai
import pytest

from infra.local.finetuning import create_app, serve
from maltu.dataset import Room, build_dataset
from maltu.exports import read_export
from maltu.masking import Masker
from maltu.settings import PersonaSettings
from tests.support.handlers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

(SAMPLE,) = (ROOT / "infra" / "local" / "sample").glob("*.csv")
FRIENDS = ("하준", "서연")


def texts_of(speaker: str) -> list[str]:
    with SAMPLE.open("rb") as stream:
        return [
            m.text for m in read_export(stream, name=SAMPLE.name) if m.sender == speaker and m.kind == "text"
        ]


def shape_of(texts: Iterable[str]) -> Counter[str]:
    whole = "\n".join(texts)
    return Counter(whole[at : at + 2] for at in range(len(whole) - 1))


def likeness(one: Counter[str], other: Counter[str]) -> float:
    dot = sum(count * other[key] for key, count in one.items())
    return dot / sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))


@pytest.mark.parametrize("persona", FRIENDS)
def test_a_persona_learned_from_the_sample_sounds_like_itself(persona: str, tmp_path: Path) -> None:
    (other,) = set(FRIENDS) - {persona}
    with SAMPLE.open("rb") as stream:
        build_dataset(
            [Room(messages=read_export(stream, name=SAMPLE.name))],
            speaker=persona,
            settings=PersonaSettings(),
            count_tokens=len,
            masking=Masker(()),
            directory=tmp_path,
        )
    held_out = (tmp_path / "validation.jsonl").read_text("utf-8").splitlines()
    dialogues = [json.loads(line)["messages"] for line in held_out]
    asked = [dialogue[:at] for dialogue in dialogues for at in range(2, len(dialogue), 2)]
    with serve(create_app(tmp_path / "server")) as url, openai.OpenAI(base_url=url, api_key="-") as client:
        with (tmp_path / "train.jsonl").open("rb") as file:
            training = client.files.create(file=file, purpose="fine-tune").id
        job = client.fine_tuning.jobs.create(model="maltu-retrieval-1", training_file=training)
        while job.status not in {"succeeded", "failed"}:
            time.sleep(0.02)
            job = client.fine_tuning.jobs.retrieve(job.id)
        assert job.fine_tuned_model, job.error
        replies = [
            client.chat.completions.create(
                model=job.fine_tuned_model, messages=dialogue, temperature=0.7, seed=at
            ).choices[0].message.content or ""
            for at, dialogue in enumerate(asked)
        ]  # fmt: skip
    assert len(replies) > 30
    own, foreign = texts_of(persona), texts_of(other)
    bubbles = [bubble for reply in replies for bubble in reply.split("\n")]
    said_by_persona = {line for text in own for line in text.split("\n")}
    assert set(bubbles) <= said_by_persona
    shape = shape_of(replies)
    assert likeness(shape, shape_of(own)) > 1.2 * likeness(shape, shape_of(foreign))
    assert len(set(replies)) > len(replies) / 3, "a persona does not always say the same"
