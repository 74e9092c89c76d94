"""The engine ``lora`` beside a bare transformers and peft loop: its speed, and the time to the first token.

``.venv-lora/bin/python -m tests.bench.lora MODEL DATASET.jsonl [STEPS]``: both train on the same batches,
turn about, and both answer the same prompt, turn about, so that what else the machine does hits both.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from random import sample
from statistics import median
from typing import TYPE_CHECKING, Any

import peft
import torch

from infra.local.finetuning.dataset import read_dataset
from infra.local.finetuning.engine import Sampling
from infra.local.finetuning.lora.adapters import Host
from infra.local.finetuning.lora.batches import batches
from infra.local.finetuning.lora.loading import chosen_device, open_encoder, open_model
from infra.local.finetuning.lora.training import LONGEST
from infra.local.finetuning.lora.tuning import RATE, learning, optimizer_of, step, with_adapter
from infra.local.finetuning.lora.writing import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra.local.finetuning.lora.tokens import Sequenced

SIZE = 4
ROUNDS = 24


def bare_step(
    model: Any,  # noqa: ANN401 - every architecture has its own class
    optimizer: torch.optim.Optimizer,
    examples: Sequence[Sequenced],
) -> None:
    """One step as every tutorial has it: padded, with labels, and logits everywhere."""
    longest = max(len(each.ids) for each in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, each in enumerate(examples):
        size = len(each.ids)
        ids[row, :size] = torch.tensor(each.ids)
        mask[row, :size] = 1
        labels[row, :size] = torch.where(torch.tensor(each.learned), ids[row, :size], -100)
    loss = model(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        labels=labels.to(model.device),
        use_cache=False,
    ).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(learning(model), 1.0)
    optimizer.step()
    optimizer.zero_grad()


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def train(base: str, examples: Sequence[Sequenced], steps: int, folder: Path) -> None:
    ours = with_adapter(open_model(base, chosen_device()), seed=1)
    bare = with_adapter(open_model(base, chosen_device()), seed=1)
    our_optimizer = optimizer_of(ours)
    bare_optimizer = torch.optim.AdamW(learning(bare), lr=RATE)
    order = batches([len(each.ids) for each in examples], SIZE, seed=1, epoch=1)[: steps + 1]
    seconds: dict[str, list[float]] = {"lora": [], "bare": []}
    for batch in order:
        chosen = [examples[at] for at in batch]
        seconds["lora"].append(timed(lambda batch=batch: step(ours, our_optimizer, examples, batch, 1.0)))
        seconds["bare"].append(timed(lambda chosen=chosen: bare_step(bare, bare_optimizer, chosen)))
    # The first step of each warms up.
    lora, bare_seconds = (sum(each[1:]) for each in seconds.values())
    print(f"{steps} steps: lora {steps / lora:.3f} a second, bare {steps / bare_seconds:.3f} a second")
    print(f"lora is {bare_seconds / lora:.2f} times as fast")
    ours.save_pretrained(folder, save_embedding_layers=False)


def answer(base: str, prompt: Sequence[int], folder: Path) -> None:
    host = Host(base)
    alone: Any = peft.PeftModel.from_pretrained(open_model(base, chosen_device()), folder).eval()
    ids = torch.tensor([list(prompt)], device=alone.device)

    def first_of_ours() -> None:
        next(write(host, folder, prompt, Sampling(temperature=0, max_tokens=1)))

    def first_alone() -> None:
        alone.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=1, do_sample=False)

    seconds: dict[Callable[[], None], list[float]] = {first_of_ours: [], first_alone: []}
    for _ in range(ROUNDS + 1):
        for work in sample(list(seconds), k=2):
            seconds[work].append(timed(work))
    lora, bare = (median(each[1:]) * 1000 for each in seconds.values())
    print(f"first token of {len(prompt)}: lora {lora:.0f} ms, transformers.generate {bare:.0f} ms")


def main() -> None:
    base, path, *rest = sys.argv[1:]
    dataset = read_dataset(Path(path))
    encoder = open_encoder(base)
    examples = encoder.examples(dataset, LONGEST)
    steps = int(rest[0]) if rest else 6
    with tempfile.TemporaryDirectory() as scratch:
        train(base, examples, steps, Path(scratch))
        answer(base, encoder.prompt(dataset.examples[0][:6]), Path(scratch))


if __name__ == "__main__":
    main()
