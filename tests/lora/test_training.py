"""Training in this process: what is learned, measured, kept, and taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from transformers import LlamaForCausalLM

from infra.local.finetuning.engine import Dataset, Plan
from infra.local.finetuning.lora.job import Report, TrainingJob
from infra.local.finetuning.lora.loading import open_encoder
from infra.local.finetuning.lora.training import train
from infra.local.finetuning.lora.tuning import measure, rate_at, with_adapter
from tests.lora.tiny import tiny_model
from tests.unit.finetuning.dialogue import dataset

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.finetuning.engine import Trained

EXAMPLES = 12


class Killed(Exception):
    """The process dies here."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


def few(side: str) -> Dataset:
    return Dataset("chat", dataset(side).examples[:EXAMPLES])


@pytest.fixture(scope="module")
def undisturbed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trained]:
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, run(job(base, folder))[0]


def job(base: Path, folder: Path, *, epochs: int = 2, size: int = 4, seconds: float = 60.0) -> TrainingJob:
    folder.mkdir(exist_ok=True)
    return TrainingJob(
        base=str(base),
        folder=str(folder),
        training=few("minji"),
        validation=few("minji"),
        plan=Plan(epochs, size, 10.0),
        seed=3,
        checkpoint_seconds=seconds,
    )


def run(wanted: TrainingJob) -> tuple[Trained, list[Report]]:
    told: list[Report] = []
    return train(wanted, told.append), told


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_loss_falls_and_every_step_and_epoch_is_told(base: Path, tmp_path: Path) -> None:
    trained, told = run(job(base, tmp_path / "model"))

    steps = [each for each in told if each.metrics and "train_loss" in each.metrics]
    losses = [each.metrics["train_loss"] for each in steps if each.metrics]
    valid = [
        each.metrics["full_valid_loss"] for each in told if each.metrics and "full_valid_loss" in each.metrics
    ]
    assert len(steps) == trained.steps == 2 * -(-EXAMPLES // 4)
    assert losses[-1] < losses[0] - 0.3
    assert len(valid) == 2
    assert valid[1] < valid[0]
    assert trained.metrics["full_valid_loss"] == valid[1]
    assert steps[-1].seconds_left == 0
    assert "steps a second" in steps[0].message
    assert trained.trained_tokens == 2 * sum(
        len(each.ids) for each in open_encoder(str(base)).examples(few("minji"), 1024)
    )


@pytest.mark.parametrize("dies_in_step", [1, 2, 3, 4])
def test_a_training_that_is_taken_up_again_ends_as_if_nothing_had_happened(
    base: Path, tmp_path: Path, undisturbed: tuple[Path, Trained], dies_in_step: int
) -> None:
    whole, expected = undisturbed
    again = job(base, tmp_path / "again", seconds=0)

    def die(report: Report) -> None:
        if report.metrics and report.metrics["step"] == dies_in_step:
            raise Killed

    with pytest.raises(Killed):
        train(again, die)
    taken_up, told = run(again)

    assert taken_up == expected
    assert weights(tmp_path / "again") == weights(whole)
    assert weights(tmp_path / "again" / "step-3") == weights(whole / "step-3")
    goes_on = [each.message for each in told if each.message.startswith("Going on")]
    assert goes_on == ([f"Going on after step {dies_in_step - 1} of 6"] if dies_in_step > 1 else [])
    assert not list((tmp_path / "again").glob("resume*"))


def test_the_last_epochs_are_kept(base: Path, tmp_path: Path) -> None:
    trained, _ = run(job(base, tmp_path / "model", epochs=5, size=EXAMPLES))

    assert [each.step for each in trained.checkpoints] == [3, 4]
    parts = sorted(path.name for path in (tmp_path / "model").iterdir() if path.is_dir())
    assert parts == ["step-3", "step-4"]
    assert len({weights(tmp_path / "model" / part) for part in ("", *parts)}) == 3


def test_the_loss_is_transformers_own(base: Path) -> None:
    examples = open_encoder(str(base)).examples(dataset("park"), 1024)[:5]
    model = with_adapter(LlamaForCausalLM.from_pretrained(base, dtype=torch.float32), seed=1)

    found = measure(model, examples)

    losses: list[float] = []
    counts: list[int] = []
    for each in examples:
        ids = torch.tensor([each.ids])
        labels = torch.where(torch.tensor([each.learned]), ids, -100)
        with torch.no_grad():
            losses.append(float(model(input_ids=ids, labels=labels).loss) * each.weight)
        counts.append(each.weight)
    assert found.tokens == sum(counts)
    assert found.mean == pytest.approx(sum(losses) / sum(counts), rel=1e-4)


def test_a_batch_in_parts_teaches_as_a_whole_one_does(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = run(job(base, tmp_path / "whole", epochs=1, size=EXAMPLES))
    monkeypatch.setattr("infra.local.finetuning.lora.tuning._MOST_TOKENS", 300)
    parts, _ = run(job(base, tmp_path / "parts", epochs=1, size=EXAMPLES))

    assert parts.metrics["full_valid_loss"] == pytest.approx(whole.metrics["full_valid_loss"], abs=2e-3)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [rate_at(step, 100) for step in range(100)]

    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == rates[4] == pytest.approx(1.0, abs=0.02)
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert 0 < rates[-1] < 0.02
    assert rate_at(0, 1) == 1
