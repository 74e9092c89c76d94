"""The application: routes, error handlers and the life of the workers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from infra.local.finetuning import completions, deployments, files, jobs, models
from infra.local.finetuning.bedrock.app import create_bedrock
from infra.local.finetuning.behaviour import BEHAVIOURS, Behaviour
from infra.local.finetuning.engines import open_engine
from infra.local.finetuning.errors import ApiError, on_api_error, on_crash, on_http_exception
from infra.local.finetuning.guard import Keyed, LocalOnly
from infra.local.finetuning.models import Models
from infra.local.finetuning.server import Server
from infra.local.finetuning.store import Store
from infra.local.finetuning.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from infra.local.finetuning.engine import Engine

_JOB = "/fine_tuning/jobs/{job_id}"
_ROUTES = [
    Route("/files", files.create_file, methods=["POST"]),
    Route("/files", files.list_files, methods=["GET"]),
    Route("/files/{file_id}", files.retrieve_file, methods=["GET"]),
    Route("/files/{file_id}", files.delete_file, methods=["DELETE"]),
    Route("/files/{file_id}/content", files.file_content, methods=["GET"]),
    Route("/fine_tuning/jobs", jobs.create_job, methods=["POST"]),
    Route("/fine_tuning/jobs", jobs.list_jobs, methods=["GET"]),
    Route(_JOB, jobs.retrieve_job, methods=["GET"]),
    Route(f"{_JOB}/cancel", jobs.cancel_job, methods=["POST"]),
    Route(f"{_JOB}/events", jobs.list_events, methods=["GET"]),
    Route(f"{_JOB}/checkpoints", jobs.list_checkpoints, methods=["GET"]),
    Route("/models", models.list_models, methods=["GET"]),
    Route("/models/{model:path}", models.retrieve_model, methods=["GET"]),
    Route("/models/{model:path}", models.delete_model, methods=["DELETE"]),
    Route("/chat/completions", completions.create_chat_completion, methods=["POST"]),
    Route("/completions", completions.create_completion, methods=["POST"]),
]


_CUSTOM_MODELS = [
    Route("/v0/models", deployments.create_custom_model, methods=["POST"]),
    Route("/v0/models", deployments.list_custom_models, methods=["GET"]),
    Route("/v0/models/{name:path}", deployments.delete_custom_model, methods=["DELETE"]),
]
_BY_HAND = [Route("/deployments/{name}", deployments.put_deployment, methods=["PUT"])]
_DEPLOYING = {"at_once": [], "as_custom_model": _CUSTOM_MODELS, "by_hand": _BY_HAND}


def create_app(
    data: Path,
    *,
    engine: Engine | str = "retrieval",
    api_key: str | None = None,
    host: Behaviour | str = "openai",
) -> Starlette:
    """The server as an ASGI application.

    Args:
        data: The folder that holds its state; made if it is missing, taken up if it is not.
        engine: An engine, or the name of one.
        api_key: What callers of OpenAI's protocol must send as Bearer token; without it everybody on this
            machine may ask. Bedrock's callers sign.
        host: Whose ways it has, or the name of a host.
    """
    behaviour = BEHAVIOURS[host] if isinstance(host, str) else host
    chosen = open_engine(engine) if isinstance(engine, str) else engine
    bedrock = create_bedrock()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        store = Store(data)
        trainer = Trainer(store, chosen, behaviour.queue_seconds)
        app.state.server = Server(store, chosen, Models(store, chosen, behaviour), trainer, behaviour)
        bedrock.state.server = app.state.server
        trainer.start()
        try:
            yield
        finally:
            await run_in_threadpool(trainer.stop)
            store.close()

    return Starlette(
        routes=[
            Mount("/v1", routes=_ROUTES, middleware=[Middleware(Keyed, api_key=api_key)]),
            *_DEPLOYING[behaviour.served],
            Mount("/", app=bedrock),
        ],
        middleware=[Middleware(LocalOnly)],
        exception_handlers={
            ApiError: on_api_error,
            HTTPException: on_http_exception,
            Exception: on_crash,
        },
        lifespan=lifespan,
    )
