"""What an owner does with personas: approve, reject and cancel runs, choose the live version, erase."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import PersonaName, RunName, VersionName, answer, caller, logger, needs, open_router
from envelope import refusals
from pydantic import BaseModel, ConfigDict

from maltu import deployment, management, personas
from maltu.errors import PersonaNotFound, ReportNotFound, RunConflict, RunNotFound
from maltu.management import Decision, LiveChange
from maltu.removals import Receipt

app = open_router()


class Rollback(BaseModel):
    """Where to go back to; without ``version``, to the one before the live one."""

    model_config = ConfigDict(strict=True)

    version: str | None = None


@app.post(
    "/v1/personas/<persona>/runs/<run>/approve",
    middlewares=[needs("manage")],
    responses=refusals(RunNotFound, RunConflict),
)
def approve(persona: PersonaName, run: RunName) -> Decision:
    """Let a run that waits for approval go on."""
    return management.decide(unquote(persona), run, approved=True, by=caller(app).id, desk=deployment.desk())


@app.post(
    "/v1/personas/<persona>/runs/<run>/reject",
    middlewares=[needs("manage")],
    responses=refusals(RunNotFound, RunConflict),
)
def reject(persona: PersonaName, run: RunName) -> Decision:
    """End a run that waits for approval."""
    return management.decide(unquote(persona), run, approved=False, by=caller(app).id, desk=deployment.desk())


@app.post(
    "/v1/personas/<persona>/runs/<run>/cancel",
    middlewares=[needs("manage")],
    responses=refusals(RunNotFound, RunConflict),
    status_code=HTTPStatus.ACCEPTED,
)
def cancel(persona: PersonaName, run: RunName) -> Receipt:
    """End a run wherever it is."""
    return management.cancel(unquote(persona), run, by=caller(app).id, desk=deployment.desk())


@app.post(
    "/v1/personas/<persona>/rollback",
    middlewares=[needs("manage")],
    responses=refusals(PersonaNotFound, RunConflict),
)
def rollback(persona: PersonaName, body: Annotated[Rollback | None, Body()] = None) -> LiveChange:
    """Make an earlier version live."""
    version = body.version if body else None
    return management.roll_back(unquote(persona), version, by=caller(app).id, desk=deployment.desk())


@app.get(
    "/v1/personas/<persona>/versions/<version>/report",
    middlewares=[needs("manage")],
    responses=refusals(ReportNotFound),
)
def report(persona: PersonaName, version: VersionName) -> dict[str, Any]:
    """Show what a version's dataset turned out to be, with some of its examples."""
    return _report(persona, version, "report.json")


@app.post(
    "/v1/personas/<persona>/versions/<version>/promote",
    middlewares=[needs("manage")],
    responses=refusals(RunNotFound, RunConflict),
)
def promote(persona: PersonaName, version: VersionName) -> LiveChange:
    """Make a candidate live, or an earlier version."""
    return management.promote(unquote(persona), version, by=caller(app).id, desk=deployment.desk())


@app.get(
    "/v1/personas/<persona>/versions/<version>/style",
    middlewares=[needs("manage")],
    responses=refusals(ReportNotFound),
)
def style(persona: PersonaName, version: VersionName) -> dict[str, Any]:
    """Show how alike a version writes, with some of its answers beside the real ones."""
    return _report(persona, version, "style.json")


def _report(persona: str, version: str, file: Literal["report.json", "style.json"]) -> dict[str, Any]:
    return personas.report_of(
        unquote(persona), version, file, registry=deployment.registry(), bucket=deployment.bucket()
    )


@app.delete(
    "/v1/personas/<persona>",
    middlewares=[needs("manage")],
    responses=refusals(PersonaNotFound),
    status_code=HTTPStatus.ACCEPTED,
)
def erase(persona: PersonaName) -> Receipt:
    """Remove everything that there is of a persona, here and at the provider."""
    return management.erase(unquote(persona), by=caller(app).id, desk=deployment.desk())


@app.get("/v1/removals/<removal>", middlewares=[needs("manage")], responses=refusals(RunNotFound))
def removal(removal: Annotated[str, Path(description="The removal's id.")]) -> Receipt:
    """Say what was removed where."""
    return deployment.desk().removals.receipt(removal, reached=caller(app).reaches)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
