"""OpenAI's error envelope: ``{"error": {"message", "type", "param", "code"}}`` on every failure.

Messages name fields, lines and ids; they never quote chat text.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request


class ApiError(Exception):
    """A request that cannot be answered as asked."""

    def __init__(self, status: HTTPStatus, message: str, *, param: str | None, code: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """A field is missing or wrong: 400."""
    return ApiError(HTTPStatus.BAD_REQUEST, message, param=param, code=code)


def not_found(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """What the request names does not exist: 404."""
    return ApiError(HTTPStatus.NOT_FOUND, message, param=param, code=code)


def refused(message: str, *, code: str) -> ApiError:
    """The account may not do this: 403."""
    return ApiError(HTTPStatus.FORBIDDEN, message, param=None, code=code)


def no_place(most: int | None, model: str) -> ApiError:
    """As many jobs are under way as may be: 429."""
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "This fine-tune request has been rate-limited. Your organization has reached the maximum of "
        f"{most} active requests for the model '{model}'.",
        param=None,
        code="daily_rate_limit_exceeded",
    )


def model_not_found(model: str) -> ApiError:
    """No such model: 404 ``model_not_found``."""
    return not_found(
        f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
    )


def envelope(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
) -> JSONResponse:
    """The response for one error."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return JSONResponse({"error": error}, status_code=status)


def on_api_error(_: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for ``ApiError``."""
    if not isinstance(error, ApiError):
        raise error
    return envelope(error.status, error.message, param=error.param, code=error.code)


def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler for its own routing and parsing errors."""
    if not isinstance(error, HTTPException):
        raise error
    asked = f"{request.method} {request.url.path}"
    messages = {
        HTTPStatus.NOT_FOUND: f"Invalid URL ({asked}).",
        HTTPStatus.METHOD_NOT_ALLOWED: f"Not allowed: {asked}.",
    }
    message = messages.get(HTTPStatus(error.status_code), error.detail)
    response = envelope(error.status_code, message)
    response.headers.update(error.headers or {})
    return response


def on_crash(_: Request, __: Exception) -> JSONResponse:
    """Starlette's handler for everything nobody foresaw."""
    return envelope(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The server had an error while processing your request; its own output says where.",
        kind="server_error",
    )
