"""Who may ask: callers on this machine, with the key where the server has one."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from infra.local.finetuning.errors import envelope

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOSTS = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class LocalOnly:
    """Refuses what was not asked under this machine's own name, before any route sees it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with a refusal, or let the application answer it."""
        refusal: Response | None = None
        # Any web page can make a browser ask 127.0.0.1 under the page's own name; chats are private.
        if scope["type"] == "http" and Headers(scope=scope).get("host", "").partition(":")[0] not in _HOSTS:
            refusal = envelope(HTTPStatus.FORBIDDEN, f"This server answers as {' or '.join(_HOSTS)} only.")
        await (refusal or self.app)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Keyed:
    """Refuses requests that do not show the key, where the server has one, before any route sees them."""

    app: ASGIApp
    api_key: str | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with a refusal, or let the application answer it."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, headers: Headers) -> Response | None:
        if self.api_key is None:
            return None
        scheme, _, given = headers.get("authorization", "").partition(" ")
        key = given.strip(" ").encode("latin-1")  # as HTTP decoded it
        if scheme.lower() != "bearer" or not key:
            return envelope(
                HTTPStatus.UNAUTHORIZED,
                "You didn't provide an API key. Send it as the header 'Authorization: Bearer <key>'.",
            )
        if hmac.compare_digest(key, self.api_key.encode()):
            return None
        return envelope(
            HTTPStatus.UNAUTHORIZED,
            "Incorrect API key provided. Use the key that the server was started with.",
            code="invalid_api_key",
        )
