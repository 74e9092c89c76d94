"""Posting an answer to the URL that Kakao gave for it: once, and to Kakao alone.

The URL lets whoever has it speak in the chat, so it stands in no error and no log.
"""

from __future__ import annotations

import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from maltu.errors import CallbackRefused
from maltu.kakao import callback_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping

POST_SECONDS: Final = 5.0
_MAX_RECEIPT: Final = 64 * 1024
_RECEIPTS: Final = ("SUCCESS", "FAIL", "ERROR")


def post_once(url: str, response: Mapping[str, object]) -> None:
    """Post ``response`` to a callback URL.

    Raises:
        CallbackRefused: the URL is not Kakao's, nobody answered in time, or Kakao did not take the response.
    """
    if not callback_allowed(url):
        raise CallbackRefused("The callback URL is not Kakao's: nothing was posted.")
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = json.dumps(response, ensure_ascii=False).encode()
    connection = connect(parts.hostname or "")
    try:
        # Redirects are not followed: where they lead, nobody has checked.
        connection.request("POST", path, body, {"Content-Type": "application/json; charset=utf-8"})
        answer = connection.getresponse()
        status, receipt = answer.status, answer.read(_MAX_RECEIPT)
    except (OSError, HTTPException) as error:
        raise CallbackRefused(f"The callback was not answered: {type(error).__name__}.") from None
    finally:
        connection.close()
    taken = _receipt_of(receipt)
    if status != 200 or taken in {"FAIL", "ERROR"}:  # noqa: PLR2004 - OK
        raise CallbackRefused(f"Kakao did not take the answer: HTTP {status}, {taken or 'no receipt'}.")


def connect(host: str) -> HTTPConnection:
    """A connection to Kakao's ``host``, whose certificate is checked."""
    return HTTPSConnection(host, timeout=POST_SECONDS, context=ssl.create_default_context())


def _receipt_of(body: bytes) -> str | None:
    try:
        status = json.loads(body)["status"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return next((known for known in _RECEIPTS if known == status), None)
