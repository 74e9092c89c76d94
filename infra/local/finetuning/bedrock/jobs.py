"""Model customization jobs: a view on the trainer's jobs, with what only Bedrock's creators say."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.local.finetuning.bedrock.errors import conflict, invalid, no_place, not_found
from infra.local.finetuning.bedrock.foundation import foundation_id, is_foundation
from infra.local.finetuning.bedrock.listing import page
from infra.local.finetuning.job_request import new_job
from infra.local.finetuning.journal import ACTIVE, add_event
from infra.local.finetuning.store import new_name

if TYPE_CHECKING:
    from infra.local.finetuning.bedrock.operations import Asked
    from infra.local.finetuning.store import Record, Store

STOPPING_SECONDS = 0.3
_MOST_EPOCHS = 50  # of the local base model, as in the other protocol
_HYPERPARAMETERS = {"epochCount": "n_epochs", "batchSize": "batch_size"}
_IGNORED = {"learningRate", "learningRateWarmupSteps"}  # the engines have rates of their own
_KEPT = (
    "jobName", "customModelName", "roleArn", "clientRequestToken", "hyperParameters", "trainingDataConfig",
    "validationDataConfig", "outputDataConfig",
)  # fmt: skip
_STAGES = ("validationDetails", "dataProcessingDetails", "trainingDetails")


def create_job(asked: Asked) -> Record:
    """``CreateModelCustomizationJob``; the same ``clientRequestToken`` names the same job."""
    members, store = asked.members, asked.server.store
    body = {name: value for name, value in members.items() if value is not None}
    hyperparameters = _hyperparameters(members.get("hyperParameters") or {})
    if members.get("customizationType", "FINE_TUNING") != "FINE_TUNING":
        raise invalid("This server customizes by FINE_TUNING only.")
    if not is_foundation(members["baseModelIdentifier"], asked.server.engine, asked.caller):
        raise invalid("The provided model identifier is invalid.")
    training = members["trainingDataConfig"].get("s3Uri")
    if training is None:
        raise invalid("trainingDataConfig.s3Uri is missing.")
    validation: Record = members.get("validationDataConfig") or {}
    validators: list[Record] = validation.get("validators", [])
    base = foundation_id(asked.server.engine)
    with store.transaction():
        earlier = _of_token(store, members.get("clientRequestToken"))
        if earlier is not None:
            if earlier["body"] != body:
                raise conflict("The clientRequestToken was used for a request with other parameters.")
            return {"jobArn": earlier["id"]}
        _check_names(store, members)
        if not asked.server.behaviour.has_place(store):
            raise no_place(asked.server.behaviour.most_jobs)
        job = new_job(
            model=asked.server.engine.base_model,
            training_file=training,
            validation_file=validators[0]["s3Uri"] if validators else None,
            hyperparameters=hyperparameters,
        )
        record: Record = {
            "id": asked.caller.arn(f"model-customization-job/{base}/{new_name()}"),
            "job": job["id"],
            "created": iso(job["created_at"]),
            "stopped": None,
            "base": asked.caller.foundation_arn(base),
            "model": asked.caller.arn(f"custom-model/{base}/{new_name()}"),
            "body": body,
        }
        store.add("job", job)
        store.add("customization", record)
        add_event(store, job["id"], f"Created model customization job: {members['jobName']}")
    asked.server.trainer.wake()
    return {"jobArn": record["id"]}


def get_job(asked: Asked) -> Record:
    """``GetModelCustomizationJob``."""
    store = asked.server.store
    record = find_job(store, asked.members["jobIdentifier"])
    job, body = store.get("job", record["job"]) or {}, record["body"]
    shown = {name: body[name] for name in _KEPT if name in body and name != "customModelName"}
    return {
        **shown,
        **progress(store, record, job),
        "jobArn": record["id"],
        "outputModelName": body["customModelName"],
        "baseModelArn": record["base"],
        "customizationType": "FINE_TUNING",
        "validationDataConfig": body.get("validationDataConfig", {"validators": []}),
        **({"outputModelArn": record["model"]} if job["status"] == "succeeded" else {}),
        **({"failureMessage": job["error"]["message"][:2048]} if job["error"] else {}),
        **metrics(store, record),
    }


def list_jobs(asked: Asked) -> Record:
    """``ListModelCustomizationJobs``."""
    store = asked.server.store
    return page(
        [_summary(store, record) for record in store.scan("customization", order="asc")],
        asked.members,
        under="modelCustomizationJobSummaries",
        arn="jobArn",
        name="jobName",
        created="creationTime",
        equal={"statusEquals": "status"},
    )


def stop_job(asked: Asked) -> Record:
    """``StopModelCustomizationJob``."""
    store = asked.server.store
    record = find_job(store, asked.members["jobIdentifier"])
    with store.transaction():
        if store.advance(record["job"], "cancelled", after=ACTIVE, finished_at=int(time.time())) is None:
            raise conflict("The job has ended, or is being stopped already.")
        store.update("customization", record["id"], {"stopped": time.time()})
        add_event(store, record["job"], "The job was stopped")
    return {}


def find_job(store: Store, identifier: str) -> Record:
    """The record of a job's ARN or name."""
    for record in store.scan("customization"):
        if identifier in {record["id"], record["body"]["jobName"]}:
            return record
    raise not_found("The provided model customization job is not found.")


def metrics(store: Store, record: Record) -> Record:
    """The losses of a job that has ended with a model."""
    found = next(store.scan("checkpoint", parent=record["job"]), None)
    if found is None:
        return {}
    losses = found["metrics"]
    return {
        **({"trainingMetrics": {"trainingLoss": losses["train_loss"]}} if "train_loss" in losses else {}),
        **({"validationMetrics": [{"validationLoss": losses["valid_loss"]}]}
           if "valid_loss" in losses and record["body"].get("validationDataConfig") else {}),
    }  # fmt: skip


def progress(store: Store, record: Record, job: Record) -> Record:
    """A job's status, that of its stages, and since when."""
    latest = next(store.scan("event", parent=job["id"]), None)
    ended = job["finished_at"]
    # Bedrock takes its time to stop a job; who polls must have seen that.
    stopping = record["stopped"] is not None and time.time() < record["stopped"] + STOPPING_SECONDS
    status = {"succeeded": "Completed", "failed": "Failed", "cancelled": "Stopped"}.get(job["status"])
    return {
        "status": "Stopping" if stopping else status or "InProgress",
        "statusDetails": _stages(job, record, ended),
        "creationTime": record["created"],
        "lastModifiedTime": iso(latest["created_at"]) if latest else record["created"],
        **({"endTime": iso(ended)} if ended and not stopping else {}),
    }


def iso(seconds: float) -> str:
    """A moment as rest-json writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stages(job: Record, record: Record, ended: float | None) -> Record:
    reached = {"validating_files": 0, "queued": 1, "running": 2, "succeeded": 3}.get(job["status"])
    if reached is None:  # it ended without a model: whether before or in training, its error or plan tells
        reached = 0 if job["hyperparameters"]["n_epochs"] == "auto" or _names_a_file(job) else 2
    last = {"failed": "Failed", "cancelled": "Stopped"}.get(job["status"], "InProgress")
    return {
        stage: {
            "status": "Completed" if at < reached else last if at == reached else "NotStarted",
            **({"creationTime": record["created"]} if at <= reached else {}),
            **({"lastModifiedTime": iso(ended)} if at == reached and ended else {}),
        }
        for at, stage in enumerate(_STAGES)
    }


def _names_a_file(job: Record) -> bool:
    return bool(job["error"] and job["error"]["param"])


def _summary(store: Store, record: Record) -> Record:
    job = store.get("job", record["job"]) or {}
    return {
        **progress(store, record, job),
        "jobArn": record["id"],
        "jobName": record["body"]["jobName"],
        "baseModelArn": record["base"],
        "customModelName": record["body"]["customModelName"],
        "customizationType": "FINE_TUNING",
        **({"customModelArn": record["model"]} if job["status"] == "succeeded" else {}),
    }


def _of_token(store: Store, token: str | None) -> Record | None:
    records = store.scan("customization")
    return next((each for each in records if token and each["body"].get("clientRequestToken") == token), None)


def _check_names(store: Store, members: Record) -> None:
    for record in store.scan("customization"):
        if record["body"]["jobName"] == members["jobName"]:
            raise conflict("The provided job name is in use already.")
        job = store.get("job", record["job"]) or {}
        taken = job["status"] in ACTIVE or store.get("model", job["fine_tuned_model"] or "") is not None
        if taken and record["body"]["customModelName"] == members["customModelName"]:
            raise conflict("The provided custom model name is in use already.")


def _hyperparameters(given: dict[str, str]) -> Record:
    unknown = given.keys() - _HYPERPARAMETERS.keys() - _IGNORED
    if unknown:
        raise invalid(f"There are no hyperparameters {', '.join(sorted(unknown))}.")
    chosen: Record = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
    for name, ours in _HYPERPARAMETERS.items():
        if name in given:
            if not given[name].isdecimal() or int(given[name]) < 1:
                raise invalid(f"The hyperparameter {name} must be a whole number above 0.")
            chosen[ours] = int(given[name])
    if chosen["n_epochs"] != "auto" and chosen["n_epochs"] > _MOST_EPOCHS:
        raise invalid(f"The hyperparameter epochCount must be at most {_MOST_EPOCHS}.")
    return chosen
