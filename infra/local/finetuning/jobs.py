"""``/v1/fine_tuning/jobs``."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from infra.local.finetuning.deployments import checkpoint_name
from infra.local.finetuning.errors import invalid, no_place, not_found
from infra.local.finetuning.fields import json_body
from infra.local.finetuning.job_request import read_job
from infra.local.finetuning.journal import ACTIVE, add_event
from infra.local.finetuning.listing import page
from infra.local.finetuning.server import server_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from infra.local.finetuning.store import Record

_METADATA_FILTER = re.compile(r"metadata\[(.*)\]", re.DOTALL)


async def create_job(request: Request) -> Response:
    """``POST /v1/fine_tuning/jobs``; the same request twice makes two jobs."""
    server = server_of(request)
    job = read_job(await json_body(request), server)
    with server.store.transaction():
        if not server.behaviour.has_place(server.store):
            raise no_place(server.behaviour.most_jobs, job["model"])
        server.store.add("job", job)
        add_event(server.store, job["id"], f"Created fine-tuning job: {job['id']}")
    server.trainer.wake()
    return JSONResponse(server.behaviour.shown_job(job))


def list_jobs(request: Request) -> Response:
    """``GET /v1/fine_tuning/jobs``; ``metadata[key]=value`` keeps the jobs that carry that pair."""
    behaviour = server_of(request).behaviour
    pairs: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if found := _METADATA_FILTER.fullmatch(name):
            pairs[found[1]] = value

    def keep(job: Record) -> bool:
        # A host that knows no metadata takes no notice of the filter either.
        return (
            not server_of(request).behaviour.keeps_metadata
            or pairs.items() <= (job["metadata"] or {}).items()
        )

    return page(
        request, server_of(request).store, "job", default=20, most=100, keep=keep, show=behaviour.shown_job
    )


def retrieve_job(request: Request) -> Response:
    """``GET /v1/fine_tuning/jobs/{job_id}``."""
    return JSONResponse(server_of(request).behaviour.shown_job(_asked_job(request)))


def cancel_job(request: Request) -> Response:
    """``POST /v1/fine_tuning/jobs/{job_id}/cancel``."""
    job, store = _asked_job(request), server_of(request).store
    with store.transaction():
        cancelled = store.advance(
            job["id"], "cancelled", after=ACTIVE, finished_at=int(time.time()), estimated_finish=None
        )
        if cancelled is None:
            raise invalid(f"Job has already completed: {job['id']}", param="fine_tuning_job_id")
        add_event(store, job["id"], "The job was cancelled")
    return JSONResponse(server_of(request).behaviour.shown_job(cancelled))


def list_events(request: Request) -> Response:
    """``GET /v1/fine_tuning/jobs/{job_id}/events``."""
    parent = _asked_job(request)["id"]
    return page(request, server_of(request).store, "event", parent=parent, default=20, most=1000)


def list_checkpoints(request: Request) -> Response:
    """``GET /v1/fine_tuning/jobs/{job_id}/checkpoints``."""
    parent = _asked_job(request)["id"]
    field = server_of(request).behaviour.checkpoint_model

    def show(record: Record) -> Record:
        return {**record, field: checkpoint_name(record)} if field else record

    return page(
        request, server_of(request).store, "checkpoint", parent=parent, default=10, most=100, show=show
    )


def _asked_job(request: Request) -> Record:
    identity: str = request.path_params["job_id"]
    job = server_of(request).store.get("job", identity)
    if job is None:
        raise not_found(
            f"Could not find fine tune: {identity}",
            param="fine_tuning_job_id",
            code="fine_tune_not_found",
        )
    return job
