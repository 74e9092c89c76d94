"""Who asks: any caller on this machine who signs with AWS's Signature Version 4.

The signature itself is not verified, for there is no secret to hold it against: on loopback, that it is there
shows that an AWS client was configured to ask here. Its scope says in which region, and an access key of
twelve digits in whose account, as local AWS endpoints read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from infra.local.finetuning.bedrock.errors import answer_of, denied

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

NOBODY = "000000000000"
_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[a-z0-9-]+)/bedrock/aws4_request, ?"
    r"SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request's resources stand."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        """Name a resource of the caller's account."""
        return f"arn:aws:bedrock:{self.region}:{self.account}:{resource}"

    def foundation_arn(self, model: str) -> str:
        """Name a model of nobody's account."""
        return f"arn:aws:bedrock:{self.region}::foundation-model/{model}"


@dataclass(frozen=True, slots=True)
class Signed:
    """Refuses requests that are not signed before any operation sees them."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with a refusal, or let the application answer it."""
        refusal = None
        if scope["type"] == "http" and _credential(Headers(scope=scope)) is None:
            refusal = answer_of(denied("The request is not signed with AWS Signature Version 4."))
        await (refusal or self.app)(scope, receive, send)


def caller_of(request: Request) -> Caller:
    """The caller of a signed request."""
    credential = _credential(request.headers)
    if credential is None:
        raise denied("The request is not signed with AWS Signature Version 4.")
    key = credential["key"]
    return Caller(key if re.fullmatch(r"\d{12}", key) else NOBODY, credential["region"])


def _credential(headers: Headers) -> re.Match[str] | None:
    return _CREDENTIAL.fullmatch(headers.get("authorization", ""))
