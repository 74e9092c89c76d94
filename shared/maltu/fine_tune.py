"""The state machine's tasks: what a run asks of the provider, one function a state.

Each takes and returns plain JSON without chat text, may be repeated, and raises the errors of
:mod:`maltu.errors`, by whose names the state machine retries or gives up.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from maltu.errors import (
    DeploymentNeeded,
    ModelNotReady,
    ProviderRejected,
    RateLimited,
    TrainingCancelled,
    TrainingFailed,
)
from maltu.naming import file_names
from maltu.providers import DatasetFile
from maltu.providers.base_models import base_model
from maltu.providers.estimates import training_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maltu.providers import Provider
    from maltu.providers.base_models import BaseModel
    from maltu.storage import Bucket

TASK_TIMED_OUT = ("Sandbox.Timedout", "States.Timeout")


def upload_dataset(run: Mapping[str, Any], *, bucket: Bucket, provider: Provider) -> dict[str, str | None]:
    """Bring the dataset's files to the provider.

    Args:
        run: ``version``, ``training_key`` and ``validation_key`` (None where there is no validation part).
        bucket: where the files stand.
        provider: where they go.

    Returns:
        The provider's ids: ``training`` and ``validation``.
    """
    ids: dict[str, str | None] = {"training": None, "validation": None}
    for part, name in zip(ids, file_names(run["version"]), strict=True):
        key = run[f"{part}_key"]
        if key is not None:
            file = DatasetFile(name, bucket.uri(key), partial(bucket.copied, key))
            ids[part] = provider.upload(file)
    return ids


def create_fine_tune(run: Mapping[str, Any], *, provider: Provider) -> dict[str, str]:
    """Start the version's one job, or find it; return its id as ``job``."""
    job = provider.create_job(
        run=run["version"],
        base_model=run["base_model"],
        training=run["training"],
        validation=run["validation"],
        n_epochs=run["n_epochs"],
    )
    return {"job": job.id}


def check_status(run: Mapping[str, Any], *, provider: Provider) -> dict[str, Any]:
    """Ask how the job is doing.

    Returns:
        ``done``, ``progress`` in the provider's words, and once it is done: ``model``, ``trained_tokens``
        (0 where the provider does not say) and ``billed_usd`` (None where nobody knows it).

    Raises:
        TrainingFailed: it ended without a model; the provider's reason is in the message.
        TrainingCancelled: somebody cancelled it.
    """
    job = provider.get_job(run["job"])
    match job.status:
        case "failed":
            raise TrainingFailed(
                f"The provider could not train: {job.reason or 'it gave no reason'}. "
                f"Its last events: {' | '.join(reversed(job.events)) or 'none'}"
            )
        case "cancelled":
            raise TrainingCancelled(
                "The fine-tuning job was cancelled at the provider. Drop the export again."
            )
        case "succeeded" if job.model is None:
            raise TrainingFailed("The provider reports success but names no model. Drop the export again.")
        case status:
            return {
                "done": status == "succeeded",
                "model": job.model,
                "trained_tokens": job.trained_tokens or 0,
                "billed_usd": _billed(job.trained_tokens, base_model(run["base_model"], host=run["host"])),
                "progress": next(iter(job.events), None),
            }


def ensure_deployed(run: Mapping[str, Any], *, provider: Provider) -> dict[str, Any]:
    """Make the model servable.

    Returns:
        ``done``, and once it is, ``model`` as requests must name it; before that, ``progress`` says what
        is waited for, and ``by_hand`` whether only the owner can end the wait.
    """
    try:
        model = provider.ensure_deployed(run=run["version"], base_model=run["base_model"], model=run["model"])
    except (ModelNotReady, RateLimited) as waiting:
        by_hand = isinstance(waiting, DeploymentNeeded)
        return {"done": False, "model": None, "progress": str(waiting), "by_hand": by_hand}
    return {"done": model is not None, "model": model, "progress": None, "by_hand": False}


def clean_up(run: Mapping[str, Any], *, open_provider: Callable[[], Provider]) -> dict[str, str | None]:
    """Leave nothing behind at the provider but the model: end the job, delete the uploaded files.

    A model that a run trained before it failed stays as well: the next attempt finds it instead of paying
    again.

    Args:
        run: ``version``, and after a failure ``error`` and ``cause`` as the state machine caught them.
        open_provider: gives the provider; that this fails may be the very failure to be told.

    Returns:
        ``error`` and ``reason`` in words, None after a success.

    Raises:
        ProviderError: it could not be done; a refusal after a failure becomes part of the reason instead.
    """
    error = run.get("error")
    if error is None:
        open_provider().delete_files(file_names(run["version"]))
        return {"error": None, "reason": None}
    reason = explain(error, run.get("cause"))
    try:
        provider = open_provider()
        provider.cancel_job(run["version"])
        provider.delete_files(file_names(run["version"]))
    except ProviderRejected as refusal:
        why = "for the same reason." if str(refusal) in reason else f"because: {refusal}"
        reason += f" Whatever this run left at the provider could not be removed, {why}"
    return {"error": error, "reason": reason}


def _billed(trained_tokens: int | None, model: BaseModel) -> float | None:
    # The provider's count holds every pass over the dataset.
    return None if trained_tokens is None else training_cost(model, trained_tokens, 1)


def explain(error: str, cause: str | None) -> str:
    """Say in words why a run failed, from what the state machine caught of it."""
    if error in TASK_TIMED_OUT:
        return "A step of the run took too long and was stopped. Drop the export again."
    try:
        thrown = json.loads(cause or "")
    except ValueError:
        return cause or f"The run stopped with {error}. Drop the export again."
    message = cast("dict[str, Any]", thrown).get("errorMessage") if isinstance(thrown, dict) else None
    return str(message or f"The run stopped with {error}. Drop the export again.")
