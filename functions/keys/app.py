"""The endpoint's keys: made, listed and revoked by those who may manage everything."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import answer, logger, needs, open_router
from envelope import refusals
from key_request import KeyRequest

from maltu import deployment
from maltu.errors import KeyNotFound
from maltu.keys import KeyList, NewKey, RevokedKey
from maltu.usage import Limits

app = open_router()

# Whoever is bound to personas could make a key that is not.
manages_keys = needs("manage", everybody=True)


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


@app.delete("/v1/keys/<key>", middlewares=[manages_keys], responses=refusals(KeyNotFound))
def revoke_key(key: Annotated[str, Path(description="The key's id.")]) -> RevokedKey:
    """Let a key open nothing from now on."""
    return deployment.keys().revoke(key)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
