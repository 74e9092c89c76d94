"""What every HTTP function has in common: the router, and one answer for each way to fail."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

import envelope
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
)

from maltu.errors import MaltuError

logger = Logger()


def open_router() -> APIGatewayRestResolver:
    """A router that answers every failure in OpenAI's envelope."""
    # Hangul as itself, not as escapes: people read these answers with curl.
    app = APIGatewayRestResolver(enable_validation=True, serializer=partial(json.dumps, ensure_ascii=False))
    app.exception_handler(MaltuError)(_refused)
    app.exception_handler(RequestValidationError)(envelope.of_invalid_body)
    app.exception_handler(RequestUnsupportedContentType)(_not_json)
    app.exception_handler(Exception)(_broken)
    app.not_found(_unknown_route)
    return app


def answer(app: APIGatewayRestResolver, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Powertools' resolver takes any
    """Handle API Gateway's proxy event."""
    # Gateways differ in whether they decode the path; the router wants it encoded.
    return app.resolve({**event, "path": quote(unquote(event["path"]), safe="/")}, context)


def _refused(error: MaltuError) -> Response[str]:
    logger.warning("request refused", extra={"error": type(error).__name__, "reason": str(error)})
    return envelope.of_error(error)


def _not_json(_: RequestUnsupportedContentType) -> Response[str]:
    return envelope.of_status(
        HTTPStatus.BAD_REQUEST, "The body is not called JSON: send Content-Type: application/json."
    )


def _broken(error: Exception) -> Response[str]:
    """Answer a fault of ours without showing its inside."""
    logger.error("request failed", extra={"error": type(error).__name__})
    return envelope.of_status(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke here; its log tells the owner."
    )


def _unknown_route(_: NotFoundError) -> Response[str]:
    return envelope.of_status(
        HTTPStatus.NOT_FOUND, "There is no such route; see the README for those there are."
    )
