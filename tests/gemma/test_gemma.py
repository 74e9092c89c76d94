"""Gemma 3 270M learns to write as either side of the sample does: some minutes, for make test-lora."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import peft
import pytest

from infra.local.finetuning import create_app, serve
from infra.local.finetuning.dataset import read_dataset
from infra.local.finetuning.lora.engine import LoraEngine
from infra.local.finetuning.lora.loading import chosen_device, open_encoder, open_model
from infra.local.finetuning.lora.training import LONGEST
from infra.local.finetuning.lora.tuning import measure
from tests.contract.finetuning.conftest import client_for, upload

if TYPE_CHECKING:
    from openai import OpenAI

ROOT = Path(__file__).parents[2]
GEMMA = ROOT / ".models" / "gemma-3-270m"
SPEAKERS = ("하준", "서연")
SECONDS = 3600


def prepared(speaker: str, out: Path) -> Path:
    (sample,) = (ROOT / "infra" / "local" / "sample").glob("*.csv")
    command = [sys.executable, "-m", "maltu", "prepare", sample, "--speaker", speaker, "--out", out]
    subprocess.run(  # noqa: S603 - this Python, with these words
        command, env={"PYTHONPATH": str(ROOT / "shared")}, check=True, capture_output=True
    )
    return out


def tuned(client: OpenAI, dataset: Path) -> tuple[str, list[float]]:
    """Train for one epoch; give the model's name, and the loss of every step."""
    training, validation = (
        upload(client, (dataset / f"{part}.jsonl").read_bytes()) for part in ("train", "validation")
    )
    job = client.fine_tuning.jobs.create(
        model="maltu-lora/gemma-3-270m",
        training_file=training,
        validation_file=validation,
        seed=1,
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1}}},
    )
    deadline = time.monotonic() + SECONDS
    while (found := client.fine_tuning.jobs.retrieve(job.id)).status != "succeeded":
        assert found.status in {"validating_files", "queued", "running"}, found.error
        assert time.monotonic() < deadline
        time.sleep(1)
    events: list[Any] = [event.data for event in client.fine_tuning.jobs.list_events(job.id, limit=1000)]
    steps = [data for data in reversed(events) if data and "train_loss" in data]
    return found.fine_tuned_model or "", [step["train_loss"] for step in steps]


def ask(client: OpenAI, model: str) -> str | None:
    answer = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "오늘 저녁 뭐 먹을까?"}],
        seed=1,
        max_tokens=24,
    )
    return answer.choices[0].message.content


@pytest.mark.skipif(not GEMMA.exists(), reason="make test-lora fetches the model, after asking for consent")
def test_each_adapter_writes_more_like_its_own_persona_than_the_base_and_the_other_do(tmp_path: Path) -> None:
    datasets = {speaker: prepared(speaker, tmp_path / speaker) for speaker in SPEAKERS}
    data = tmp_path / "data"
    with (
        serve(create_app(data, engine=LoraEngine(str(GEMMA)))) as url,
        client_for(url).with_options(timeout=300) as client,
    ):
        models: dict[str, str] = {}
        for speaker, dataset in datasets.items():
            models[speaker], losses = tuned(client, dataset)
            # Before its first step a model has learned nothing; four later much of it.
            assert sum(losses[-4:]) / 4 < 0.8 * losses[0]
        said = {
            ask(client, name)
            for name in (*models.values(), "maltu-lora/gemma-3-270m", *reversed(models.values()))
        }
        assert len(said) == 3, "two personas and the base, each the same when asked again"
        jobs = {job.fine_tuned_model: job.id for job in client.fine_tuning.jobs.list()}
        folders = {speaker: data / "models" / jobs[model] for speaker, model in models.items()}

    encoder = open_encoder(str(GEMMA))
    held_out = {
        speaker: encoder.examples(read_dataset(dataset / "validation.jsonl"), LONGEST)
        for speaker, dataset in datasets.items()
    }
    base: Any = open_model(str(GEMMA), chosen_device())
    untuned = {speaker: measure(base, examples).mean for speaker, examples in held_out.items()}
    adapted: dict[str, Any] = {
        speaker: peft.PeftModel.from_pretrained(open_model(str(GEMMA), chosen_device()), folder)
        for speaker, folder in folders.items()
    }
    for speaker, other in (SPEAKERS, SPEAKERS[::-1]):
        own, others = (measure(adapted[each], held_out[speaker]).mean for each in (speaker, other))
        assert own < untuned[speaker] - 1
        assert own < others
