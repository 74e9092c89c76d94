"""What a run asks of an adapter, a step a function, for tests of every adapter."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

import boto3

from maltu.errors import ProviderUnavailable
from maltu.providers import DatasetFile, Sampling
from tests.support.adapters import BUCKET

if TYPE_CHECKING:
    from pathlib import Path

    from maltu.providers import Job, Provider
    from tests.support.adapters import Adapter

RUN = "20261018t134107000-3f9a1c2b4d5e"
ANOTHER = "20261018t134107000-another00000"
ASK = [{"role": "system", "content": "s"}, {"role": "user", "content": "밥 먹었어?"}]
BRIEF = Sampling(max_tokens=50, temperature=0)
PATIENCE = 20


def stored(dataset: Path, name: str) -> DatasetFile:
    """Put a dataset into our bucket, under a persona whose name is not ASCII."""
    key = f"datasets/하준/v/{name}"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=dataset.read_bytes())
    return DatasetFile(name, f"s3://{BUCKET}/{key}", lambda: nullcontext(dataset))


def start(provider: Provider, adapter: Adapter, dataset: Path, run: str = RUN) -> Job:
    training = provider.upload(stored(dataset, f"{run}-train.jsonl"))
    return provider.create_job(
        run=run, base_model=adapter.base_model, training=training, validation=None, n_epochs=1
    )


def end_of(provider: Provider, job: Job) -> Job:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = provider.get_job(job.id)
        if seen.status not in {"pending", "running"}:
            return seen
        time.sleep(0.01)
    raise TimeoutError(job.id)


def deployed(provider: Provider, adapter: Adapter, done: Job, run: str = RUN) -> str:
    assert done.model is not None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        model = provider.ensure_deployed(run=run, base_model=adapter.base_model, model=done.model)
        if model is not None:
            return model
        time.sleep(0.02)
    raise TimeoutError(done.model)


def erase(provider: Provider, run: str = RUN) -> list[str]:
    """Ask until nothing is left, as whoever erases a persona does."""
    gone: list[str] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            deleted = provider.delete_models(run)
        except ProviderUnavailable:
            time.sleep(0.02)
            continue
        if not deleted:
            return gone
        gone += deleted
    raise TimeoutError(run)
