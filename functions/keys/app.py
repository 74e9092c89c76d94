"""The endpoint's keys: made, listed and revoked by those who may manage everything."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import answer, logger, needs, open_router
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from maltu import deployment
from maltu.keys import MAX_PERSONAS, KeyList, NewKey, RevokedKey, Scope
from maltu.naming import MAX_PERSONA_LENGTH
from maltu.usage import Limits

MAX_NAME = 64
# What the stage lets everybody together make: twenty a second.
MAX_PER_MINUTE = 1_200
MAX_PER_MONTH = 10_000_000

app = open_router()

# Whoever is bound to personas could make a key that is not.
manages_keys = needs("manage", everybody=True)


class KeyRequest(BaseModel):
    """``POST /v1/keys``; nothing is ignored, for a misspelt ``personas`` would make a key for all of them."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME)]
    scopes: list[Scope] = Field(default=["chat"])
    personas: (
        Annotated[
            list[Annotated[str, Field(max_length=4 * MAX_PERSONA_LENGTH)]], Field(max_length=MAX_PERSONAS)
        ]
        | None
    ) = None
    requests_per_minute: Annotated[int, Field(ge=1, le=MAX_PER_MINUTE)] = 60
    requests_per_month: Annotated[int, Field(ge=1, le=MAX_PER_MONTH)] = 20_000


@app.post("/v1/keys", middlewares=[manages_keys], status_code=HTTPStatus.CREATED)
def create_key(request: Annotated[KeyRequest, Body()]) -> Response[NewKey]:
    """Make a key and show it, this once."""
    limits = Limits(request.requests_per_minute, request.requests_per_month)
    key = deployment.keys().create(request.name, request.scopes, request.personas, limits)
    return Response(
        HTTPStatus.CREATED, content_types.APPLICATION_JSON, key, headers={"Cache-Control": "no-store"}
    )


@app.get("/v1/keys", middlewares=[manages_keys])
def list_keys() -> KeyList:
    """List the keys, and how often each has asked this month."""
    return deployment.keys().listed(deployment.usage().of_month(datetime.now(UTC)))


@app.delete("/v1/keys/<key>", middlewares=[manages_keys])
def revoke_key(key: Annotated[str, Path()]) -> RevokedKey:
    """Let a key open nothing from now on."""
    return deployment.keys().revoke(key)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
