"""Who may call the endpoint: whoever shows its key as ``Authorization: Bearer`` or ``x-api-key``."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from maltu import deployment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

BEARER = "bearer "


def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway's REQUEST authorizer.

    Raises:
        Exception: with the text «Unauthorized», which is how API Gateway is told to answer 401.
    """
    shown = _shown_key(event.get("headers") or {})
    expected = deployment.secret("API_KEY_SECRET_ARN")
    if shown is None or not hmac.compare_digest(shown.encode(), expected.encode()):
        raise Exception("Unauthorized")  # noqa: TRY002 - API Gateway goes by this very text
    stage = event["methodArn"].split("/")[1]
    resource = event["methodArn"].split("/")[0] + f"/{stage}/*"
    return {
        "principalId": "owner",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": {
            "scopes": "chat manage",
            "personas": "",
            "requests_per_minute": "",
            "requests_per_month": "",
        },
        # What the usage plan meters by; the method takes its API key from here.
        "usageIdentifierKey": shown,
    }


def _shown_key(headers: Mapping[str, str]) -> str | None:
    by_name = {name.lower(): value for name, value in headers.items()}
    bearer = by_name.get("authorization", "")
    if bearer.lower().startswith(BEARER):
        return bearer[len(BEARER) :].strip()
    return by_name.get("x-api-key")
