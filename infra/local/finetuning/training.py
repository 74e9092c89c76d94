"""The two steps of a job: validate its files, then train and keep the model."""

from __future__ import annotations

import shutil
import unicodedata
from dataclasses import asdict
from typing import TYPE_CHECKING

from infra.local.finetuning.bedrock.dataset import is_in_s3, read_from_s3
from infra.local.finetuning.dataset import FEWEST_EXAMPLES, InvalidFile, read_dataset
from infra.local.finetuning.engine import Hyperparameters, Plan, TrainingCancelled
from infra.local.finetuning.files import find_file
from infra.local.finetuning.journal import ACTIVE, JobWatch, add_event, succeed
from infra.local.finetuning.store import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.finetuning.engine import Dataset, Engine
    from infra.local.finetuning.store import Record, Store

_HYPERPARAMETERS = ("n_epochs", "batch_size", "learning_rate_multiplier")
_UNFINISHED = ".unfinished"


class JobFailed(Exception):
    """The job cannot end with a model; the fields are those of the job's ``error``."""

    def __init__(self, message: str, *, code: str, param: str) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def validate(store: Store, engine: Engine, job: Record) -> None:
    """Check the job's files, decide what was left to ``"auto"``, and queue it.

    Raises:
        JobFailed: a file is missing or no dataset.
    """
    add_event(store, job["id"], f"Validating training file: {job['training_file']}")
    training, _ = _datasets(store, job)
    chosen = job["hyperparameters"]
    wanted = Hyperparameters(
        **{name: None if chosen[name] == "auto" else chosen[name] for name in _HYPERPARAMETERS}
    )
    plan = asdict(engine.plan(wanted, len(training.examples)))
    method = {"type": "supervised", "supervised": {"hyperparameters": plan}}
    with store.transaction():
        if store.advance(
            job["id"], "queued", after={"validating_files"}, hyperparameters=plan, method=method
        ):
            add_event(store, job["id"], "Files validated, moving job to queued state")


def train(store: Store, engine: Engine, job: Record, stopping: Callable[[], bool]) -> None:
    """Train a queued job to its end.

    Raises:
        JobFailed: a file has gone since the job was queued.
        TrainingCancelled: the job was cancelled, or the server stops.
    """
    identity = job["id"]
    if not store.advance(identity, "running", after={"queued"}):
        return
    add_event(store, identity, "Fine-tuning job started")
    training, validation = _datasets(store, job)
    unfinished, folder = store.models / f"{identity}{_UNFINISHED}", store.models / identity
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.mkdir(exist_ok=True)
    watch = JobWatch(store, identity, stopping)
    try:
        trained = engine.train(
            training,
            validation,
            Plan(**job["hyperparameters"]),
            seed=job["seed"],
            folder=unfinished,
            watch=watch,
        )
    except TrainingCancelled:
        # A server that stops leaves the job running: the next one goes on from what is there.
        if not watch.wanted():
            shutil.rmtree(unfinished, ignore_errors=True)
        raise
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(folder)
    if not succeed(store, job, _model_name(engine, job), trained):
        shutil.rmtree(folder)
        raise TrainingCancelled


def remove_leftovers(store: Store) -> None:
    """Remove what jobs left that nobody wants any more; a server may die between an end and its clean-up."""
    for folder in store.models.glob(f"*{_UNFINISHED}"):
        job = store.get("job", folder.name.removesuffix(_UNFINISHED))
        if job is None or job["status"] not in ACTIVE:
            shutil.rmtree(folder, ignore_errors=True)


def slug(suffix: str) -> str:
    """The part of a model's name that a suffix becomes: letters, digits, ``-`` and ``_``, lower case."""
    normal = unicodedata.normalize("NFC", suffix).lower()
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in normal)


def _model_name(engine: Engine, job: Record) -> str:
    return f"ft:{engine.base_model}:local:{slug(job['user_provided_suffix'] or '')}:{new_id('', 8)}"


def _datasets(store: Store, job: Record) -> tuple[Dataset, Dataset | None]:
    training = _dataset(store, job["training_file"], "training_file", FEWEST_EXAMPLES)
    if job["validation_file"] is None:
        return training, None
    validation = _dataset(store, job["validation_file"], "validation_file", 1)
    if validation.kind != training.kind:
        raise JobFailed(
            f"The validation file holds {validation.kind} examples, the training file {training.kind} "
            "examples; both must be of one kind.",
            code="invalid_validation_file",
            param="validation_file",
        )
    return training, validation


def _dataset(store: Store, file: str, param: str, fewest: int) -> Dataset:
    label = param.replace("_", " ").capitalize()
    try:
        if is_in_s3(file):
            return read_from_s3(file, training=param == "training_file")
        if find_file(store, file) is None:
            raise JobFailed(
                f"{label} {file} was deleted; upload it again.", code=f"invalid_{param}", param=param
            )
        return read_dataset(store.files / file, fewest=fewest)
    except InvalidFile as error:
        raise JobFailed(
            f"{label} {file} {error}", code=error.code or f"invalid_{param}", param=param
        ) from None
