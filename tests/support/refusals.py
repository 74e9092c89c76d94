"""How AWS and a fine-tuning provider say that it is too much, or that they broke."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.proxy import Fault, Request

JSON = "application/x-amz-json-1.1"
XML = "text/xml"


def of_aws(request: Request, fault: Fault) -> tuple[int, str, bytes]:
    """In the protocol of the service that was asked."""
    throttled = fault == "throttled"
    if "x-amz-target" in request.headers:
        code = "ThrottlingException" if throttled else "InternalServerError"
        answer = {"__type": code, "message": "as the test wants"}
        return (400 if throttled else 500), JSON, json.dumps(answer).encode()
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        code = "Throttling" if throttled else "InternalError"
        error = f"<Type>Sender</Type><Code>{code}</Code><Message>as the test wants</Message>"
        text = f"<ErrorResponse><Error>{error}</Error><RequestId>none</RequestId></ErrorResponse>"
        return (400 if throttled else 500), XML, text.encode()
    code = "SlowDown" if throttled else "InternalError"
    return (503 if throttled else 500), XML, f"<Error><Code>{code}</Code></Error>".encode()


def of_provider(_: Request, fault: Fault) -> tuple[int, str, bytes]:
    """In OpenAI's envelope."""
    body = {"error": {"message": "as the test wants", "type": "fault", "param": None, "code": None}}
    return (429 if fault == "throttled" else 503), "application/json", json.dumps(body).encode()
