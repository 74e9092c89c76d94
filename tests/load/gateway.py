"""``python -m tests.load.gateway FD``: answer on a socket that listens already, one request at a time.

As one execution environment of Lambda does behind the gateway: several of these share the socket.
"""

from __future__ import annotations

import io
import socket
import sys
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from tests.support.gateway import as_wsgi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Quiet(WSGIRequestHandler):
    """Knows the path as it came over the wire, logs nothing, and closes after each answer."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""

    def get_environ(self) -> dict[str, str]:
        """Add what the gateway goes by."""
        return {**super().get_environ(), "REQUEST_URI": self.path}


def bounded(application: Application) -> Application:
    """Let an application read a body to its end, which the connection itself does not have."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = io.BytesIO(environ["wsgi.input"].read(length))
        return application({**environ, "wsgi.input": body}, start_response)

    return call


def main() -> None:
    """Serve until the parent ends this."""
    server = WSGIServer(("127.0.0.1", 0), Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(sys.argv[1]))
    server.server_name, server.server_port = "127.0.0.1", server.socket.getsockname()[1]
    server.setup_environ()
    server.set_app(bounded(as_wsgi()))
    server.serve_forever()


if __name__ == "__main__":
    main()
