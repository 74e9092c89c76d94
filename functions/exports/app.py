"""Exports over the endpoint: a form to upload one with, a look at what is in it, and its drop."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import PersonaName, answer, caller, logger, needs, open_router
from envelope import refusals
from fields import WHOLE
from pydantic import BaseModel, ConfigDict, Field

from maltu import deployment
from maltu.errors import ExportConflict, ExportNotFound, NotUploaded, PreviewTooLarge, UnreadableExport
from maltu.preview import Preview, preview
from maltu.uploads import MAX_BYTES, Drop, Offer

app = open_router()


class File(BaseModel):
    """A file that is to be uploaded."""

    model_config = ConfigDict(strict=True)

    file_name: str = Field(max_length=1024, json_schema_extra={"format": "export-file-name"})
    size: Annotated[int, Field(alias="bytes", json_schema_extra={"minimum": 1, "maximum": MAX_BYTES}), WHOLE]


class Choice(BaseModel):
    """An uploaded export, and whose manner in it is learned; without ``speaker`` the names decide."""

    model_config = ConfigDict(strict=True)

    export: str
    speaker: Annotated[str, Field(json_schema_extra={"format": "visible-text"})] | None = None


@app.post("/v1/exports", middlewares=[needs("manage")], status_code=HTTPStatus.CREATED)
def offer(file: Annotated[File, Body()]) -> Offer:
    """Give a form to upload an export with."""
    return deployment.uploads().offer(file.file_name, file.size, by=caller(app).id)


@app.get(
    "/v1/exports/<export>",
    middlewares=[needs("manage")],
    responses=refusals(ExportNotFound, NotUploaded, PreviewTooLarge, UnreadableExport),
)
def look(export: Annotated[str, Path(description="The export's id.")]) -> Preview:
    """Say who writes in an uploaded export, and how much."""
    return preview(export, by=caller(app).id, uploads=deployment.uploads())


@app.post(
    "/v1/personas/<persona>/exports",
    middlewares=[needs("manage")],
    responses=refusals(ExportNotFound, NotUploaded, ExportConflict),
    status_code=HTTPStatus.ACCEPTED,
)
def drop(persona: PersonaName, choice: Annotated[Choice, Body()]) -> Drop:
    """Drop an uploaded export for a persona; its run waits for a yes before anything is trained."""
    return deployment.uploads().drop(
        choice.export, unquote(persona), speaker=choice.speaker, by=caller(app).id
    )


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
