"""What stands between a tuned model and its answers at some hosts: custom models, deployments by hand."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from infra.local.finetuning import fields
from infra.local.finetuning.errors import ApiError, invalid, not_found
from infra.local.finetuning.fields import json_body
from infra.local.finetuning.server import server_of
from infra.local.finetuning.store import new_id

if TYPE_CHECKING:
    from starlette.requests import Request

    from infra.local.finetuning.server import Server
    from infra.local.finetuning.store import Record, Store

_HIDDEN = ("job", "asked")


async def create_custom_model(request: Request) -> Response:
    """``POST /v0/models``: ``name``, ``base_model`` and a ``source`` of ``job:checkpoint``."""
    server, body = server_of(request), await json_body(request)
    for name in ("name", "base_model", "source"):
        fields.required(body, name)
    base, source = fields.text(body, "base_model") or "", fields.text(body, "source") or ""
    job, status_reason = _trained(server, base, source)
    short = fields.text(body, "name", longest=64) or ""
    if any(short in each["id"] for each in server.store.scan("deployment")):
        raise ApiError(HTTPStatus.CONFLICT, f"There is a model '{short}' already.", param="name", code=None)
    record: Record = {
        "id": f"{base}-LoRa:{short}-{new_id('', 4)}",
        "base_model": base,
        "source": source,
        "created_at": int(time.time()),
        "status": "error" if status_reason else "validating",
        "status_reason": status_reason,
        "description": fields.text(body, "description"),
        "job": job,
        "asked": 0,
    }
    server.store.add("deployment", record)
    return JSONResponse(_custom_model(record))


def list_custom_models(request: Request) -> Response:
    """``GET /v0/models``: who asks a second time finds a model served that was being validated."""
    store = server_of(request).store
    return JSONResponse([_custom_model(_asked(store, each)) for each in store.scan("deployment")])


def delete_custom_model(request: Request) -> Response:
    """``DELETE /v0/models/{name}``."""
    name = request.path_params["name"]
    if not server_of(request).store.remove("deployment", name):
        raise not_found(f"There is no custom model '{name}'.", param="name")
    return JSONResponse({"name": name, "status": "deleted"})


async def put_deployment(request: Request) -> Response:
    """``PUT /deployments/{name}``: what an owner does in a host's console; ``model`` is what is served."""
    server, body = server_of(request), await json_body(request)
    fields.required(body, "model")
    model = fields.text(body, "model") or ""
    job = next(
        (each["job"] for each in server.store.scan("model") if model in _deployable(server, each)), None
    )
    if job is None:
        raise not_found(f"There is no tuned model '{model}'.", param="model")
    record: Record = {"id": request.path_params["name"], "model": model, "status": "active", "job": job}
    server.store.remove("deployment", record["id"])
    server.store.add("deployment", record)
    return JSONResponse({"name": record["id"], "model": model, "status": "active"}, HTTPStatus.CREATED)


def checkpoint_name(checkpoint: Record) -> str:
    """What a host calls the deployable model of a checkpoint, where that is not the job's."""
    return checkpoint["id"].replace("ftckpt_", "ftmodel-")


def _deployable(server: Server, model: Record) -> set[str]:
    if server.behaviour.checkpoint_model is None:
        return {model["id"]}
    return {checkpoint_name(each) for each in server.store.scan("checkpoint", parent=model["job"])}


def _trained(server: Server, base: str, source: str) -> tuple[str, str | None]:
    identity, _, checkpoint = source.partition(":")
    job = server.store.get("job", identity)
    if job is None or server.store.get("checkpoint", checkpoint) is None:
        raise invalid(f"There is no checkpoint '{source}'.", param="source")
    expected = server.behaviour.serving_bases.get(job["model"], job["model"])
    if base != expected:
        return identity, f"A model tuned from {job['model']} is served on {expected}, not on {base}."
    if job["adapter"] is not True:
        return identity, "Only LoRA adapters can be served; the job trained all weights."
    return identity, None


def _asked(store: Store, record: Record) -> Record:
    ready = record["status"] == "validating" and record["asked"] > 0
    changes = {"asked": record["asked"] + 1, "status": "active" if ready else record["status"]}
    return store.update("deployment", record["id"], changes) or record


def _custom_model(record: Record) -> Record:
    shown = {name: value for name, value in record.items() if name not in _HIDDEN}
    return {"name": shown.pop("id"), **shown}
