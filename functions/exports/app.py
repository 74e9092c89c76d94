"""Exports over the endpoint: a form to upload one with, a look at what is in it, and its drop."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import answer, caller, logger, needs, open_router
from pydantic import BaseModel, Field

from maltu import deployment
from maltu.preview import Preview, preview
from maltu.uploads import Drop, Offer

app = open_router()


class File(BaseModel):
    """A file that is to be uploaded."""

    file_name: str = Field(max_length=1024)
    size: int = Field(alias="bytes")


class Choice(BaseModel):
    """An uploaded export, and whose manner in it is learned; without ``speaker`` the names decide."""

    export: str
    speaker: str | None = None


@app.post("/v1/exports", middlewares=[needs("manage")])
def offer(file: Annotated[File, Body()]) -> tuple[Offer, int]:
    """Give a form to upload an export with."""
    offered = deployment.uploads().offer(file.file_name, file.size, by=caller(app).id)
    return offered, HTTPStatus.CREATED


@app.get("/v1/exports/<export>", middlewares=[needs("manage")])
def look(export: Annotated[str, Path()]) -> Preview:
    """Say who writes in an uploaded export, and how much."""
    return preview(export, by=caller(app).id, uploads=deployment.uploads())


@app.post("/v1/personas/<persona>/exports", middlewares=[needs("manage")])
def drop(persona: Annotated[str, Path()], choice: Annotated[Choice, Body()]) -> tuple[Drop, int]:
    """Drop an uploaded export for a persona; its run waits for a yes before anything is trained."""
    dropped = deployment.uploads().drop(
        choice.export, unquote(persona), speaker=choice.speaker, by=caller(app).id
    )
    return dropped, HTTPStatus.ACCEPTED


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
