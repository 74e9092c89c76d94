"""Reading ``POST /v1/fine_tuning/jobs``: everything that can be refused before a job exists."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Literal

from infra.local.finetuning import fields
from infra.local.finetuning.errors import invalid, refused
from infra.local.finetuning.files import find_file
from infra.local.finetuning.store import new_id

if TYPE_CHECKING:
    from infra.local.finetuning.server import Server
    from infra.local.finetuning.store import Record

LARGEST_SEED = 2**31 - 1
_PAIRS, _KEY_LENGTH, _VALUE_LENGTH = 16, 64, 512
_LARGEST_LEARNING_RATE_MULTIPLIER = 1000.0


def read_job(body: Record, server: Server) -> Record:
    """The new job's record.

    Raises:
        ApiError: a field is missing or wrong, or names something that does not exist.
    """
    if not server.behaviour.trains:
        raise refused(
            "The fine-tuning platform is being wound down and your organization can no longer create new "
            "fine-tuning training jobs.",
            code="training_not_available",
        )
    if not server.behaviour.keeps_metadata and "metadata" in body:
        raise invalid("Unknown parameter: 'metadata'.", param="metadata", code="unknown_parameter")
    fields.required(body, "model")
    model = fields.text(body, "model")
    if model != server.engine.base_model:
        raise invalid(
            f"Model {model} is not available for fine-tuning or does not exist. "
            f"This server fine-tunes {server.engine.base_model}.",
            param="model",
            code="model_not_available",
        )
    fields.required(body, "training_file")
    hyperparameters, adapter = _hyperparameters(body, server)
    seed = fields.integer(body, "seed", low=0, high=LARGEST_SEED)
    return new_job(
        model=server.engine.base_model,
        training_file=_file(body, "training_file", server) or "",
        validation_file=_file(body, "validation_file", server),
        hyperparameters=hyperparameters,
        adapter=adapter,
        seed=seed,
        metadata=_metadata(body),
        suffix=fields.text(body, "suffix", longest=64) or None,
    )


def new_job(  # noqa: PLR0913 - one argument per thing that a job's creator says
    *,
    model: str,
    training_file: str,
    validation_file: str | None,
    hyperparameters: Record,
    seed: int | None = None,
    metadata: Record | None = None,
    suffix: str | None = None,
    adapter: bool = False,
) -> Record:
    """The record of a job that waits for its files to be validated."""
    return {
        "id": new_id("ftjob-"),
        "object": "fine_tuning.job",
        "created_at": int(time.time()),
        "finished_at": None,
        "model": model,
        "fine_tuned_model": None,
        "organization_id": "local",
        "status": "validating_files",
        "training_file": training_file,
        "validation_file": validation_file,
        "result_files": [],
        "trained_tokens": None,
        "error": None,
        "estimated_finish": None,
        "seed": secrets.randbelow(LARGEST_SEED) if seed is None else seed,
        "integrations": [],
        "metadata": metadata,
        "user_provided_suffix": suffix,
        "hyperparameters": hyperparameters,
        "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
        "adapter": adapter,
    }


def _file(body: Record, name: str, server: Server) -> str | None:
    identity = fields.text(body, name)
    if identity is None:
        return None
    record = find_file(server.store, identity)
    if record is None:
        raise invalid(
            f"File '{identity}' given as '{name}' does not exist.", param=name, code="file_not_found"
        )
    if record["purpose"] != "fine-tune":
        raise invalid(
            f"File '{identity}' has the purpose '{record['purpose']}'; '{name}' needs 'fine-tune'.",
            param=name,
            code="invalid_file_purpose",
        )
    if (
        server.behaviour.file_status == "late"
        and time.time() - record["created_at"] < server.behaviour.file_seconds
    ):
        raise invalid(f"File '{identity}' is still being processed.", param=name, code="invalid_file_status")
    return identity


def _metadata(body: Record) -> Record | None:
    metadata = fields.mapping(body, "metadata")
    if metadata is None:
        return None
    if len(metadata) > _PAIRS:
        raise invalid(
            f"Invalid 'metadata': at most {_PAIRS} pairs, but got {len(metadata)}.", param="metadata"
        )
    for key, value in metadata.items():
        if len(key) > _KEY_LENGTH:
            raise invalid(
                f"Invalid 'metadata': a key may have at most {_KEY_LENGTH} characters.", param="metadata"
            )
        if not isinstance(value, str):
            raise fields.wrong_type(f"metadata.{key}", "a string", value)
        fields.text(metadata | {f"metadata.{key}": value}, f"metadata.{key}", longest=_VALUE_LENGTH)
    return metadata


def _hyperparameters(body: Record, server: Server) -> tuple[Record, bool]:
    method = fields.mapping(body, "method")
    chosen = fields.mapping(body, "hyperparameters") or {}
    if method is not None:
        kind = fields.required(method, "type")
        if kind != "supervised":
            raise invalid(
                "Invalid 'method.type': this server supports 'supervised' only.",
                param="method.type",
                code="unsupported_method",
            )
        supervised = fields.mapping(method, "supervised") or {}
        chosen = fields.mapping(supervised, "hyperparameters") or chosen
    if not server.behaviour.takes_auto and "auto" in chosen.values():
        raise invalid("Invalid hyperparameters: expected numbers, but got 'auto'.", param="hyperparameters")
    read = {
        "n_epochs": _whole(chosen, "n_epochs", 50),
        "batch_size": _whole(chosen, "batch_size", 256),
        "learning_rate_multiplier": _multiplier(chosen),
    }
    return read, chosen.get("lora") is True


def _whole(chosen: Record, name: str, most: int) -> int | Literal["auto"]:
    if chosen.get(name) == "auto":
        return "auto"
    value = fields.integer(chosen, name, low=1, high=most)
    return "auto" if value is None else value


def _multiplier(chosen: Record) -> float | Literal["auto"]:
    name = "learning_rate_multiplier"
    if chosen.get(name) == "auto":
        return "auto"
    value = fields.number(chosen, name, low=0.0, high=_LARGEST_LEARNING_RATE_MULTIPLIER)
    if value == 0:
        raise invalid(f"Invalid '{name}': expected a number above 0.", param=name)
    return "auto" if value is None else value
