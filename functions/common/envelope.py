"""Every error the endpoint answers, in OpenAI's envelope: the one place where they are mapped."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

from aws_lambda_powertools.event_handler import Response, content_types
from typing_extensions import TypedDict

from maltu.errors import (
    ExportConflict,
    ExportNotFound,
    InsufficientScope,
    InvalidRequest,
    KeyNotFound,
    MaltuError,
    ModelClosed,
    ModelNotReady,
    NotUploaded,
    PersonaNotFound,
    PersonaNotReady,
    PreviewTooLarge,
    ProviderError,
    ProviderTimedOut,
    ProviderUnavailable,
    QuotaUsedUp,
    RateLimited,
    ReportNotFound,
    RequestError,
    RequestTooLarge,
    RunConflict,
    RunNotFound,
    TooManyRequests,
    UnreadableExport,
)

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
    from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse

RETRY_SECONDS = 5

Kind = Literal["invalid_request_error", "rate_limit_error", "insufficient_quota", "server_error"]


class Refusal(TypedDict):
    """What was wrong.

    Attributes:
        message: what was wrong, where, and what to do.
        param: the field of the body that is wrong.
        code: what to tell errors apart by.
    """

    message: str
    type: Kind
    param: str | None
    code: str | None


class Error(TypedDict):
    """Every failure, as OpenAI answers it."""

    error: Refusal


# The first class that an error belongs to decides: status, type, code.
_ANSWERS: tuple[tuple[type[MaltuError], int, Kind, str | None], ...] = (
    (RequestTooLarge, 413, "invalid_request_error", "request_too_large"),
    (InvalidRequest, 400, "invalid_request_error", None),
    (InsufficientScope, 403, "invalid_request_error", "insufficient_scope"),
    (KeyNotFound, 404, "invalid_request_error", "key_not_found"),
    (TooManyRequests, 429, "rate_limit_error", "rate_limit_exceeded"),
    (QuotaUsedUp, 429, "insufficient_quota", "insufficient_quota"),
    (PersonaNotFound, 404, "invalid_request_error", "model_not_found"),
    (PersonaNotReady, 409, "invalid_request_error", "persona_not_ready"),
    (RunNotFound, 404, "invalid_request_error", "run_not_found"),
    (ReportNotFound, 404, "invalid_request_error", "report_not_found"),
    (ExportNotFound, 404, "invalid_request_error", "export_not_found"),
    (NotUploaded, 409, "invalid_request_error", "not_uploaded"),
    (ExportConflict, 409, "invalid_request_error", "export_conflict"),
    (PreviewTooLarge, 400, "invalid_request_error", "preview_too_large"),
    (UnreadableExport, 400, "invalid_request_error", "unreadable_export"),
    (RunConflict, 409, "invalid_request_error", "run_conflict"),
    (RateLimited, 429, "rate_limit_error", "rate_limit_exceeded"),
    (ModelClosed, 410, "invalid_request_error", "model_closed"),
    (ModelNotReady, 503, "server_error", "model_not_ready"),
    (ProviderTimedOut, 504, "server_error", "timeout"),
    (ProviderUnavailable, 502, "server_error", "provider_unavailable"),
    (ProviderError, 502, "server_error", "provider_error"),
    (MaltuError, 500, "server_error", None),
)

BROKEN: Final = "Something broke here; its log tells the owner."
_OF_THE_INSIDE: Final = {
    429: "The provider's rate limit is reached: try again in a moment.",
    500: BROKEN,
    502: "The provider could not answer: try again; if it stays, its log tells the owner why.",
    503: "The model is being made ready: try again in a moment.",
    504: "The provider took too long: try again.",
}

# What asking the provider can come to.
UNANSWERED: Final = (
    RateLimited,
    ModelClosed,
    ModelNotReady,
    ProviderTimedOut,
    ProviderUnavailable,
    ProviderError,
)


def of_error(error: MaltuError) -> Response[str]:
    """Answer one of our errors."""
    status, kind, code = _row(type(error))
    # What a provider says may name its models and accounts: the caller learns whose fault it is, no more.
    message = str(error) if isinstance(error, RequestError) else _OF_THE_INSIDE.get(status, str(error))
    wait = getattr(error, "retry_after", None)
    return _envelope(status, message, kind, code, getattr(error, "param", None), retry_after=wait)


def of_invalid_body(error: RequestValidationError) -> Response[str]:
    """Answer a body that is not what the route accepts, naming the first field that is wrong."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    # What is no JSON has a position in place of a field's name.
    if first["type"] == "json_invalid":
        said, where = f"The body is no JSON from character {where} on: send a JSON object.", ""
    elif where:
        said = f"{where}: {first['msg'].replace(' after validation', '')}"
    else:
        said = "The body is missing or no JSON object: send one, as GET /v1/openapi.json describes it."
    return _envelope(400, said, "invalid_request_error", None, where or None)


def of_status(status: HTTPStatus, message: str, code: str | None = None) -> Response[str]:
    """Answer what is no error of ours."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return _envelope(status, message, kind, code, None)


def refusals(*errors: type[MaltuError]) -> dict[int, OpenAPIResponse]:
    """What a route may answer beside its result, for the OpenAPI document: ``responses=refusals(...)``.

    What every route may answer (a wrong key, too many requests, ...) is not repeated.
    """
    by_status: dict[int, dict[str, Any]] = {}
    for error in errors:
        status, kind, code = _row(error)
        about = (error.__doc__ or "").partition("\n")[0]
        message = about if issubclass(error, RequestError) else _OF_THE_INSIDE.get(status, about)
        body: Error = {"error": {"message": message, "type": kind, "param": None, "code": code}}
        by_status.setdefault(status, {})[code or error.__name__] = {"summary": about, "value": body}
    return {
        status: {"description": "", "content": {content_types.APPLICATION_JSON: {"examples": examples}}}
        for status, examples in by_status.items()
    }


def _row(error: type[MaltuError]) -> tuple[int, Kind, str | None]:
    return next(row[1:] for row in _ANSWERS if issubclass(error, row[0]))


def _envelope(  # noqa: PLR0913 - the fields of OpenAI's envelope
    status: int,
    message: str,
    kind: Kind,
    code: str | None,
    param: str | None,
    *,
    retry_after: int | None = None,
) -> Response[str]:
    body: Error = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    headers = {"Retry-After": str(retry_after or RETRY_SECONDS)} if status in {429, 503} else None
    return Response(
        status, content_types.APPLICATION_JSON, json.dumps(body, ensure_ascii=False), headers=headers
    )
