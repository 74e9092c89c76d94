"""Faults on the wire between an adapter and a real server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Action = Literal["refuse", "lose_answer"]


@dataclass
class Fault:
    """What happens to the next ``times`` requests of ``method`` whose path ends in ``path``.

    A refusal has OpenAI's shape and AWS's at once; ``code`` is the vendor's.
    ``refuse`` answers without asking the server; ``lose_answer`` lets the server do it and then breaks off.
    """

    method: str
    path: str
    action: Action = "refuse"
    status: int = 500
    code: str | None = None
    param: str | None = None
    times: int = 1
    message: str = "as the test wants"
    retry_after: int | None = None


@dataclass
class Faulty:
    """An ASGI application in front of another, with faults; counts what reached the server."""

    app: ASGIApp
    faults: list[Fault] = field(default_factory=list)
    served: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        fault = next(
            (each for each in self.faults if each.times and each.method == scope["method"]
             and scope["path"].endswith(each.path)),
            None,
        )  # fmt: skip
        if fault:
            fault.times -= 1
        if fault is None or fault.action == "lose_answer":
            self.served.append(f"{scope['method']} {scope['path']}")
        if fault is None:
            await self.app(scope, receive, send)
        elif fault.action == "refuse":
            body = {
                "error": {
                    "message": fault.message,
                    "type": "fault",
                    "param": fault.param,
                    "code": fault.code,
                },
                "message": fault.message,
            }
            await _answer(send, fault.status, json.dumps(body).encode(), fault.code, fault.retry_after)
        else:
            await self.app(scope, receive, _into_the_void)
            await _answer(send, 502, b"bad gateway")


async def _into_the_void(_: object) -> None:
    return


async def _answer(
    send: Send, status: int, body: bytes, code: str | None = None, retry_after: int | None = None
) -> None:
    wait = (b"retry-after-ms", b"1") if retry_after is None else (b"retry-after", str(retry_after).encode())
    headers = [(b"content-type", b"application/json"), wait]
    if code:
        headers.append((b"x-amzn-errortype", code.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
