"""A request as API Gateway hands it on, made ready for the router: what cannot be read is refused here."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final, NoReturn
from urllib.parse import quote, unquote

from maltu.errors import InvalidRequest, RequestTooLarge

# The largest that the routes' own limits add up to is some hundred KB; Lambda would take 6 MB.
MAX_BODY_BYTES: Final = 1_000_000
_JSON: Final = "application/json"


def readable(event: dict[str, Any]) -> dict[str, Any]:
    """Give the event with its path encoded and its body as text.

    Raises:
        RequestTooLarge: the body is larger than ``MAX_BODY_BYTES``.
        InvalidRequest: the body is not called JSON, or is no text.
    """
    # Gateways differ in whether they decode the path; the router wants it encoded.
    path = quote(unquote(event["path"]), safe="/")
    # What comes along with a GET means nothing.
    body = None if event["httpMethod"] == "GET" else _text(event)
    return {**event, "path": path, "body": body, "isBase64Encoded": False}


def parse(text: str) -> Any:  # noqa: ANN401 - JSON
    """Read a body's JSON.

    Raises:
        json.JSONDecodeError: it is none, or holds what JSON can spell and Python does not read.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        # A thousand brackets, or a number of as many digits.
        raise json.JSONDecodeError(str(error), "", 0) from None


def _text(event: dict[str, Any]) -> str | None:
    body: str | None = event.get("body")
    if not body:
        return None
    # Never fewer bytes than characters, and base64 takes four for three.
    if len(body) > 2 * MAX_BODY_BYTES:
        raise _too_large()
    _check_type(event.get("headers") or {})
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body, validate=True).decode()
        except (binascii.Error, UnicodeError):
            raise InvalidRequest("The body is no text in UTF-8: send JSON.") from None
    if len(body.encode("utf-8", "surrogatepass")) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _check_type(headers: dict[str, str]) -> None:
    called = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if called and called.partition(";")[0].strip().lower() != _JSON:
        raise InvalidRequest("The body is not called JSON: send Content-Type: application/json.")


def _too_large() -> RequestTooLarge:
    return RequestTooLarge(f"The body is larger than {MAX_BODY_BYTES:,} bytes: send less.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
