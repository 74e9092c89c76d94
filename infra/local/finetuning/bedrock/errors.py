"""AWS's errors over rest-json: ``{"message": ...}``, and the error's name in a header.

Messages name members, ids and limits; they never quote values, which may be chat text.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request


class AwsError(Exception):
    """A request that cannot be answered as asked; ``code`` is AWS's name for why."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def invalid(message: str) -> AwsError:
    """A member is missing or wrong."""
    return AwsError("ValidationException", HTTPStatus.BAD_REQUEST, message)


def conflict(message: str) -> AwsError:
    """What is asked for does not go with what is there."""
    return AwsError("ConflictException", HTTPStatus.BAD_REQUEST, message)


def not_found(message: str) -> AwsError:
    """What the request names does not exist."""
    return AwsError("ResourceNotFoundException", HTTPStatus.NOT_FOUND, message)


def no_place(most: int | None) -> AwsError:
    """As many jobs are under way as may be."""
    return AwsError(
        "ServiceQuotaExceededException",
        HTTPStatus.BAD_REQUEST,
        f"You have reached the maximum of {most} model customization jobs that are under way.",
    )


def denied(message: str) -> AwsError:
    """The caller showed no credentials."""
    return AwsError("AccessDeniedException", HTTPStatus.FORBIDDEN, message)


def answer_of(error: AwsError) -> JSONResponse:
    """The response for one error."""
    return JSONResponse(
        {"message": str(error)}, status_code=error.status, headers={"x-amzn-errortype": error.code}
    )


def on_aws_error(_: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for ``AwsError``."""
    if not isinstance(error, AwsError):
        raise error
    return answer_of(error)


def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for its own routing errors: a path or a method that is no operation."""
    if not isinstance(error, HTTPException):
        raise error
    asked = f"{request.method} {request.url.path}"
    return answer_of(
        AwsError("UnknownOperationException", error.status_code, f"There is no operation {asked}.")
    )


def on_crash(_: Request, __: Exception) -> JSONResponse:
    """Starlette's handler for everything nobody foresaw."""
    return answer_of(
        AwsError(
            "InternalServerException",
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "The server had an error while processing the request; its own output says where.",
        )
    )
