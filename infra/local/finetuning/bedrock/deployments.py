"""Custom model deployments: what makes a custom model answer on demand.

As at AWS, a deployment is a while in the making and a while in the going.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from infra.local.finetuning.bedrock.errors import AwsError, conflict, invalid, not_found
from infra.local.finetuning.bedrock.jobs import iso
from infra.local.finetuning.bedrock.listing import page
from infra.local.finetuning.bedrock.models import find_model, name_of
from infra.local.finetuning.store import new_name

if TYPE_CHECKING:
    from infra.local.finetuning.bedrock.operations import Asked
    from infra.local.finetuning.server import Server
    from infra.local.finetuning.store import Record, Store

CREATING_SECONDS = 0.3
DELETING_SECONDS = 0.3


def create_deployment(asked: Asked) -> Record:
    """``CreateCustomModelDeployment``; the same ``clientRequestToken`` names the same deployment."""
    members, store = asked.members, asked.server.store
    body = {name: value for name, value in members.items() if value is not None}
    with store.transaction():
        for each in _all(store):
            if body.get("clientRequestToken") == each["body"].get("clientRequestToken", ""):
                if each["body"] != body:
                    raise invalid("The clientRequestToken was used for a request with other parameters.")
                return {"customModelDeploymentArn": each["id"]}
            if each["body"]["modelDeploymentName"] == members["modelDeploymentName"]:
                raise invalid("The provided deployment name is in use already.")
        model = find_model(store, members["modelArn"])
        record: Record = {
            "id": asked.caller.arn(f"custom-model-deployment/{new_name()}"),
            "model": model["model"],
            "created": time.time(),
            "deleted": None,
            "failure": None,
            "body": body,
        }
        store.add("model_deployment", record)
    failure = _why_not(asked.server, name_of(store, model))
    if failure:
        store.update("model_deployment", record["id"], {"failure": failure})
    return {"customModelDeploymentArn": record["id"]}


def get_deployment(asked: Asked) -> Record:
    """``GetCustomModelDeployment``."""
    record = _find(asked.server.store, asked.members["customModelDeploymentIdentifier"])
    body = record["body"]
    return {
        "customModelDeploymentArn": record["id"],
        "modelDeploymentName": body["modelDeploymentName"],
        "modelArn": record["model"],
        **({"description": body["description"]} if "description" in body else {}),
        **_standing(record),
    }


def list_deployments(asked: Asked) -> Record:
    """``ListCustomModelDeployments``."""
    return page(
        [_summary(record) for record in _all(asked.server.store)],
        asked.members,
        under="modelDeploymentSummaries",
        arn="customModelDeploymentArn",
        name="customModelDeploymentName",
        created="createdAt",
        equal={"statusEquals": "status", "modelArnEquals": "modelArn"},
    )


def delete_deployment(asked: Asked) -> Record:
    """``DeleteCustomModelDeployment``: it goes a moment later."""
    store = asked.server.store
    record = _find(store, asked.members["customModelDeploymentIdentifier"])
    if record["deleted"] is not None:
        raise conflict("The deployment is being deleted already.")
    store.update("model_deployment", record["id"], {"deleted": time.time()})
    return {}


def deployed_model(store: Store, identifier: str) -> str:
    """What the server itself calls the model behind a deployment's ARN.

    Raises:
        AwsError: there is no such deployment, or it does not answer now.
    """
    record = _find(store, identifier)
    if _status(record) != "Active" or record["deleted"] is not None:
        raise AwsError("ModelNotReadyException", 429, "The model is not ready for inference requests.")
    return name_of(store, find_model(store, record["model"]))


def _why_not(server: Server, name: str) -> str | None:
    try:
        server.models.get(name)
    except Exception as error:  # noqa: BLE001  whatever keeps the model from answering ends its deployment only
        return f"The model could not be loaded ({type(error).__name__})."
    return None


def _all(store: Store) -> list[Record]:
    """Every deployment, oldest first; what was deleted long enough ago is forgotten."""
    found: list[Record] = []
    for record in store.scan("model_deployment", order="asc"):
        if record["deleted"] is not None and time.time() >= record["deleted"] + DELETING_SECONDS:
            store.remove("model_deployment", record["id"])
        else:
            found.append(record)
    return found


def _find(store: Store, identifier: str) -> Record:
    for record in _all(store):
        if identifier in {record["id"], record["body"]["modelDeploymentName"]}:
            return record
    raise not_found("The provided custom model deployment is not found.")


def _status(record: Record) -> str:
    if time.time() < record["created"] + CREATING_SECONDS:
        return "Creating"
    return "Failed" if record["failure"] else "Active"


def _standing(record: Record) -> Record:
    status = _status(record)
    return {
        "status": status,
        "createdAt": iso(record["created"]),
        "lastUpdatedAt": iso(record["created"] + (CREATING_SECONDS if status != "Creating" else 0)),
        **({"failureMessage": record["failure"]} if status == "Failed" else {}),
    }


def _summary(record: Record) -> Record:
    return {
        "customModelDeploymentArn": record["id"],
        "customModelDeploymentName": record["body"]["modelDeploymentName"],
        "modelArn": record["model"],
        **_standing(record),
    }
