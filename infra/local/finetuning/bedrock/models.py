"""Custom models: what the jobs that succeeded have made, as long as it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.finetuning.bedrock.errors import conflict, not_found
from infra.local.finetuning.bedrock.jobs import metrics
from infra.local.finetuning.bedrock.listing import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.finetuning.bedrock.operations import Asked
    from infra.local.finetuning.store import Record, Store


def get_model(asked: Asked) -> Record:
    """``GetCustomModel``."""
    store = asked.server.store
    record = find_model(store, asked.members["modelIdentifier"])
    body = record["body"]
    return {
        "modelArn": record["model"],
        "modelName": body["customModelName"],
        "jobName": body["jobName"],
        "jobArn": record["id"],
        "baseModelArn": record["base"],
        "customizationType": "FINE_TUNING",
        "hyperParameters": body.get("hyperParameters") or {},
        "trainingDataConfig": body["trainingDataConfig"],
        "outputDataConfig": body["outputDataConfig"],
        "creationTime": record["created"],
        "modelStatus": "Active",
        **metrics(store, record),
    }


def list_models(asked: Asked) -> Record:
    """``ListCustomModels``."""
    equal = {
        "baseModelArnEquals": "baseModelArn",
        "foundationModelArnEquals": "baseModelArn",
        "modelStatus": "modelStatus",
    }
    return page(
        [_summary(record, asked.caller.account) for record in _models(asked.server.store)],
        asked.members,
        under="modelSummaries",
        arn="modelArn",
        name="modelName",
        created="creationTime",
        equal=equal,
    )


def delete_model(asked: Asked) -> Record:
    """``DeleteCustomModel``: not while it is deployed."""
    store = asked.server.store
    record = find_model(store, asked.members["modelIdentifier"])
    if any(each["model"] == record["model"] for each in store.scan("model_deployment")):
        raise conflict("The model has a deployment: delete that first.")
    asked.server.models.delete(name_of(store, record))
    return {}


def find_model(store: Store, identifier: str) -> Record:
    """The record of the job that made the model of an ARN or a name."""
    for record in _models(store):
        if identifier in {record["model"], record["body"]["customModelName"]}:
            return record
    raise not_found("The provided custom model is not found.")


def name_of(store: Store, record: Record) -> str:
    """What the server itself calls the model of a job; empty where there is none."""
    job = store.get("job", record["job"]) or {}
    return job.get("fine_tuned_model") or ""


def _models(store: Store) -> Iterator[Record]:
    records = store.scan("customization", order="asc")
    return (record for record in records if store.get("model", name_of(store, record)) is not None)


def _summary(record: Record, account: str) -> Record:
    return {
        "modelArn": record["model"],
        "modelName": record["body"]["customModelName"],
        "creationTime": record["created"],
        "baseModelArn": record["base"],
        "baseModelName": record["base"].rpartition("/")[2],
        "customizationType": "FINE_TUNING",
        "ownerAccountId": account,
        "modelStatus": "Active",
    }
