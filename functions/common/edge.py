"""What every HTTP function has in common: the router, who may ask, and one answer for each way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, cast
from urllib.parse import unquote

import envelope
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import ResponseBuilder
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import BaseMiddlewareHandler, NextMiddleware
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
from callers import Caller, read_caller
from incoming import parse, readable

from maltu import deployment
from maltu.errors import InsufficientScope, MaltuError, RequestError
from maltu.keys import Scope
from maltu.naming import is_persona, normalised

logger = Logger()

PersonaName = Annotated[
    str, Path(description="The persona's name.", json_schema_extra={"format": "persona-name"})
]
VersionName = Annotated[str, Path(description="The version's name.")]
RunName = Annotated[str, Path(description="The run's name, or its version's.")]


@dataclass(frozen=True, slots=True)
class MediaType:
    """What a text that a route answers is, where it is no JSON: ``Annotated[str, MediaType("text/html")]``.

    ``events`` is the shape of the JSON that each server-sent event holds.
    """

    name: str
    events: type | None = None


class Needs(BaseMiddlewareHandler[APIGatewayRestResolver]):
    """A route's middleware: lets those pass whose key has a scope, and reaches the path's persona.

    Attributes:
        scopes: of these the key must be for one.
        everybody: whether it must reach every persona.
    """

    def __init__(self, scopes: frozenset[Scope], *, everybody: bool) -> None:
        super().__init__()
        self.scopes = scopes
        self.everybody = everybody

    def handler(self, app: APIGatewayRestResolver, next_middleware: NextMiddleware) -> Response[Any]:
        """Go on, or answer why not."""
        self.check(app)
        return cast("Response[Any]", next_middleware(app))

    def check(self, app: APIGatewayRestResolver) -> None:
        """Judge the caller.

        Raises:
            InsufficientScope: its key has none of the scopes, or is bound to personas where it must not be.
            PersonaNotFound: its key does not reach the path's persona.
        """
        shown = caller(app)
        if not self.scopes & shown.scopes:
            raise InsufficientScope(
                f"This key is not for that: it has the scope {' and '.join(sorted(shown.scopes))}, and "
                f"{' or '.join(sorted(self.scopes))} is needed."
            )
        if self.everybody and shown.personas is not None:
            raise InsufficientScope(
                "This key is not for that: it is bound to personas, and a key for all of them is needed."
            )
        persona = app.request.path_parameters.get("persona")
        if persona is not None:
            name_persona(unquote(persona))
            shown.must_reach(unquote(persona))


def needs(*scopes: Scope, everybody: bool = False) -> Needs:
    """Demand one of some scopes of whoever asks a route: ``middlewares=[needs("manage")]``.

    A persona in the route's path must be one that the key reaches. Where no persona stands in the path, the
    route itself keeps to those that :meth:`Caller.reaches`, or asks for a key that reaches ``everybody``.
    """
    return Needs(frozenset(scopes), everybody=everybody)


def caller(app: APIGatewayRestResolver) -> Caller:
    """Whose key was shown; on a route without the authorizer one without any scope."""
    return _caller_of(app.current_event.raw_event)


def open_router() -> APIGatewayRestResolver:
    """A router that answers every failure in OpenAI's envelope."""
    app = APIGatewayRestResolver(
        enable_validation=True,
        # Hangul as itself, not as escapes: people read these answers with curl.
        serializer=partial(json.dumps, ensure_ascii=False),
        json_body_deserializer=parse,
        # Whoever asked is not to blame for an answer that is not as the OpenAPI document says.
        response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    app.exception_handler(MaltuError)(_refused)
    app.exception_handler(RequestValidationError)(_unless_refused(app, envelope.of_invalid_body))
    app.exception_handler(Exception)(_broken)
    app.not_found(_unknown_route)
    return app


def answer(app: APIGatewayRestResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Count API Gateway's proxy event for the key that was shown, and handle it."""
    try:
        shown = _caller_of(event)
        logger.append_keys(request=event["requestContext"]["requestId"], key=shown.id)
        _count(shown)
        request = readable(event)
    except MaltuError as error:
        refusal = _refused(error)
    except Exception as error:  # noqa: BLE001 - as the router answers it
        refusal = _broken(error)
    else:
        return app.resolve(request, context)
    return ResponseBuilder(refusal).build(APIGatewayProxyEvent(event))


def name_persona(asked: str) -> None:
    """Let what is logged of this request carry its persona, given as ``persona`` or ``persona@version``.

    What can be nobody's name is left out: it may be anything.
    """
    persona = normalised(asked).partition("@")[0]
    if is_persona(persona):
        logger.append_keys(persona=persona)


def _caller_of(event: dict[str, Any]) -> Caller:
    return read_caller(event["requestContext"].get("authorizer") or {})


def _count(shown: Caller) -> None:
    if shown.limits is not None:
        deployment.usage().count(shown.id, shown.limits, at=datetime.now(UTC))


def _unless_refused(
    app: APIGatewayRestResolver, respond: Callable[[Any], Response[str]]
) -> Callable[[Any], Response[str]]:
    """Tell those what is wrong with their request who may make it: Powertools validates it first."""

    def respond_to_allowed(error: Exception) -> Response[str]:
        middlewares = cast("list[object]", app.context["_route"].middlewares)
        try:
            for demand in middlewares:
                if isinstance(demand, Needs):
                    demand.check(app)
        except MaltuError as refusal:
            return _refused(refusal)
        return respond(error)

    return respond_to_allowed


def _refused(error: MaltuError) -> Response[str]:
    # What is wrong with a request is told to whoever made it, in words that may quote it.
    reason = None if isinstance(error, RequestError) else str(error)
    logger.warning("request refused", extra={"error": type(error).__name__, "reason": reason})
    return envelope.of_error(error)


def _broken(error: Exception) -> Response[str]:
    """Answer a fault of ours without showing its inside."""
    logger.error("request failed", extra={"error": type(error).__name__})
    return envelope.of_status(HTTPStatus.INTERNAL_SERVER_ERROR, envelope.BROKEN)


def _unknown_route(_: NotFoundError) -> Response[str]:
    return envelope.of_status(
        HTTPStatus.NOT_FOUND,
        "There is no such route, or not with this method: GET /v1/openapi.json lists them.",
    )
