"""What an owner does with personas: approve, reject and cancel runs, go back a version, erase."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import answer, caller, logger, needs, open_router
from pydantic import BaseModel

from maltu import deployment, management, personas

app = open_router()


class Rollback(BaseModel):
    """Where to go back to; without ``version``, to the one before the live one."""

    version: str | None = None


@app.post("/v1/personas/<persona>/runs/<run>/approve", middlewares=[needs("manage")])
def approve(persona: Annotated[str, Path()], run: Annotated[str, Path()]) -> dict[str, Any]:
    """Let a run that waits for approval go on."""
    return management.decide(unquote(persona), run, approved=True, by=caller(app).id, desk=deployment.desk())


@app.post("/v1/personas/<persona>/runs/<run>/reject", middlewares=[needs("manage")])
def reject(persona: Annotated[str, Path()], run: Annotated[str, Path()]) -> dict[str, Any]:
    """End a run that waits for approval."""
    return management.decide(unquote(persona), run, approved=False, by=caller(app).id, desk=deployment.desk())


@app.post("/v1/personas/<persona>/runs/<run>/cancel", middlewares=[needs("manage")])
def cancel(persona: Annotated[str, Path()], run: Annotated[str, Path()]) -> tuple[dict[str, Any], int]:
    """End a run wherever it is."""
    started = management.cancel(unquote(persona), run, by=caller(app).id, desk=deployment.desk())
    return started, HTTPStatus.ACCEPTED


@app.post("/v1/personas/<persona>/rollback", middlewares=[needs("manage")])
def rollback(
    persona: Annotated[str, Path()], body: Annotated[Rollback | None, Body()] = None
) -> dict[str, Any]:
    """Make an earlier version live."""
    version = body.version if body else None
    return management.roll_back(unquote(persona), version, by=caller(app).id, desk=deployment.desk())


@app.get("/v1/personas/<persona>/versions/<version>/report", middlewares=[needs("manage")])
def report(persona: Annotated[str, Path()], version: Annotated[str, Path()]) -> dict[str, Any]:
    """Show what a version's dataset turned out to be, with some of its examples."""
    return personas.report_of(
        unquote(persona), version, registry=deployment.registry(), bucket=deployment.bucket()
    )


@app.delete("/v1/personas/<persona>", middlewares=[needs("manage")])
def erase(persona: Annotated[str, Path()]) -> tuple[dict[str, Any], int]:
    """Remove everything that there is of a persona, here and at the provider."""
    started = management.erase(unquote(persona), by=caller(app).id, desk=deployment.desk())
    return started, HTTPStatus.ACCEPTED


@app.get("/v1/removals/<removal>", middlewares=[needs("manage")])
def removal(removal: Annotated[str, Path()]) -> dict[str, Any]:
    """Say what was removed where."""
    return deployment.desk().removals.receipt(removal, reached=caller(app).reaches)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
