"""Who may call the endpoint: whoever shows a key as ``Authorization: Bearer`` or ``x-api-key``."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

from maltu import deployment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from maltu.keys import Key

BEARER = "bearer "

# No limits: the owner must be able to approve, cancel and revoke whatever else was asked this month.
_OWNER = {
    "scopes": "chat manage",
    "personas": "",
    "requests_per_minute": "",
    "requests_per_month": "",
}


def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway's REQUEST authorizer.

    Raises:
        Exception: with the text «Unauthorized», which is how API Gateway is told to answer 401.
    """
    shown = _shown_key(event.get("headers") or {})
    if not shown:
        raise _unauthorized()
    if _is_owners(shown):
        return _allowed(event, "owner", _OWNER)
    key = deployment.keys().find(shown)
    if key is None:
        raise _unauthorized()
    return _allowed(event, key["id"], _told(key))


def _is_owners(shown: str) -> bool:
    expected = deployment.secret("API_KEY_SECRET_ARN")
    return hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode())


def _told(key: Key) -> dict[str, str]:
    """What the functions are told of a key: API Gateway passes on nothing but strings and numbers."""
    return {
        "scopes": " ".join(key["scopes"]),
        "personas": "" if key["personas"] is None else json.dumps(key["personas"]),
        "requests_per_minute": str(key["requests_per_minute"]),
        "requests_per_month": str(key["requests_per_month"]),
    }


def _allowed(event: dict[str, Any], key: str, told: dict[str, str]) -> dict[str, Any]:
    stage = event["methodArn"].split("/")[1]
    resource = event["methodArn"].split("/")[0] + f"/{stage}/*"
    return {
        "principalId": key,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": told,
    }


def _unauthorized() -> Exception:
    return Exception("Unauthorized")  # API Gateway goes by this very text


def _shown_key(headers: Mapping[str, str]) -> str | None:
    by_name = {name.lower(): value for name, value in headers.items()}
    bearer = by_name.get("authorization", "")
    if bearer.lower().startswith(BEARER):
        return bearer[len(BEARER) :].strip()
    return by_name.get("x-api-key")
