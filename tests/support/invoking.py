"""What a bot's answer passes through, as servers on this machine: Lambda's Invoke and Kakao's callback."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.support.cloud import invoke_handler

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

SECONDS = 10.0


@dataclass
class Invocations:
    """Lambda's Invoke for one handler: at once for ``RequestResponse``, after 202 for ``Event``.

    ``payloads`` are those it was invoked with, ``ended`` what came of the Events, ``held`` how many seconds
    it keeps an answer back, ``dies`` whether the function ends without one, as one that ran out of time does.
    """

    function: str
    payloads: list[dict[str, Any]] = field(default_factory=list)
    ended: list[Exception | None] = field(default_factory=list)
    held: float = 0
    dies: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        payload = json.loads(await request.body())
        assert request.url.path == f"/2015-03-31/functions/{self.function}/invocations"
        self.payloads.append(payload)
        if request.headers["x-amz-invocation-type"] == "Event":
            await Response(status_code=202)(scope, receive, send)
            try:
                await run_in_threadpool(invoke_handler, self.function, payload)
            except Exception as error:  # noqa: BLE001 - as Lambda takes whatever is thrown
                self.ended.append(error)
            else:
                self.ended.append(None)
            return
        await asyncio.sleep(self.held)
        if self.dies:
            died = JSONResponse(
                {"errorType": "Sandbox.Timedout"}, headers={"x-amz-function-error": "Unhandled"}
            )
            await died(scope, receive, send)
            return
        answer = await run_in_threadpool(invoke_handler, self.function, payload)
        await JSONResponse(answer)(scope, receive, send)

    def wait(self) -> Exception | None:
        """Wait for an Event to end; give what it raised."""
        deadline = time.monotonic() + SECONDS
        while not self.ended:
            if time.monotonic() > deadline:
                raise TimeoutError("no Event ended")
            time.sleep(0.01)
        return self.ended.pop()


@dataclass
class Callbacks:
    """Kakao's end of a callback; answers as it is told and keeps what was posted, and when."""

    status: int = 200
    receipt: Any = field(default_factory=lambda: {"taskId": "1", "status": "SUCCESS", "message": "OK"})
    posted: list[tuple[str, dict[str, Any], float]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        target = f"{request.method} {request.url.path}?{request.url.query}"
        self.posted.append((target, json.loads(await request.body() or b"{}"), time.monotonic()))
        headers = {"location": "/elsewhere"} if 300 <= self.status < 400 else None
        await JSONResponse(self.receipt, self.status, headers)(scope, receive, send)
