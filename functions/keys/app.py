"""The endpoint's keys: made, listed and revoked by those who may manage everything."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, get_args

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from edge import answer, caller, logger, needs, open_router
from envelope import refusals
from key_request import KeyRequest

from maltu import deployment
from maltu.errors import KeyNotFound
from maltu.keys import KeyList, NewKey, OwnKey, RevokedKey, Scope
from maltu.usage import Limits

app = open_router()

# Whoever is bound to personas could make a key that is not.
manages_keys = needs("manage", everybody=True)


@app.post("/v1/keys", middlewares=[manages_keys], status_code=HTTPStatus.CREATED)
def create_key(request: Annotated[KeyRequest, Body()]) -> Response[NewKey]:
    """Make a key and show it, this once."""
    limits = Limits(request.requests_per_minute, request.requests_per_month)
    key = deployment.keys().create(request.name, request.scopes, request.personas, limits, by=caller(app).id)
    return Response(
        HTTPStatus.CREATED, content_types.APPLICATION_JSON, key, headers={"Cache-Control": "no-store"}
    )


@app.get("/v1/keys", middlewares=[manages_keys])
def list_keys() -> KeyList:
    """List the keys, and how often each has asked this month."""
    return deployment.keys().listed(deployment.usage().of_month(datetime.now(UTC)))


@app.get("/v1/keys/self", middlewares=[needs("chat", "manage")])
def own_key() -> OwnKey:
    """Say what the key that is shown is for."""
    shown = caller(app)
    return {
        "id": shown.id,
        "object": "key",
        "scopes": [scope for scope in get_args(Scope) if scope in shown.scopes],
        "personas": None if shown.personas is None else sorted(shown.personas),
        "requests_per_minute": shown.limits.per_minute if shown.limits else None,
        "requests_per_month": shown.limits.per_month if shown.limits else None,
    }


@app.delete("/v1/keys/<key>", middlewares=[manages_keys], responses=refusals(KeyNotFound))
def revoke_key(key: Annotated[str, Path(description="The key's id.")]) -> RevokedKey:
    """Let a key open nothing from now on."""
    return deployment.keys().revoke(key, by=caller(app).id)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    return answer(app, event, context)
