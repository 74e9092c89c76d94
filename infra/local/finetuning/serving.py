"""Running the application on a loopback port."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from starlette.types import ASGIApp

HOST = "127.0.0.1"


def listen(port: int = 0) -> socket.socket:
    """Listen on a port of this machine only; 0 takes a free one."""
    # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is spelled out.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a listening socket, without a path."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


class Server(uvicorn.Server):
    """A server that says when it is ready, and cuts streams that are still open soon after it is stopped."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], object]) -> None:
        super().__init__(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=3)
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


@contextmanager
def serve(app: ASGIApp) -> Generator[str]:
    """Run the application in a thread on a free port, and yield the base URL for an OpenAI client.

    Raises:
        RuntimeError: the application did not start.
    """
    listener = listen()
    settled = threading.Event()
    server = Server(app, settled.set)

    def run() -> None:
        try:
            server.run([listener])
        finally:
            settled.set()

    thread = threading.Thread(target=run, name="fine-tuning-server", daemon=True)
    thread.start()
    try:
        settled.wait()
        if not server.started:
            raise RuntimeError("The fine-tuning server did not start; its own output says why.")
        yield f"{address(listener)}/v1"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
