"""moto behind a real port, so that whoever acts on AWS in a run can be given a wire that fails."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.session import Session
from moto.core.models import botocore_stubber
from starlette.concurrency import run_in_threadpool

from infra.local.finetuning import serve
from maltu import aws_json
from tests.support import boto
from tests.support.cloud import invoke_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from starlette.types import Receive, Scope, Send

    from maltu.aws_json import Service

_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")


@contextmanager
def moto_on_a_port() -> Generator[str]:
    """Serve what ``mock_aws`` mocks; yield its address."""
    with serve(_moto) as url:
        yield url


async def _moto(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    signed = _SIGNED_FOR.search(headers.get("authorization", ""))
    assert signed, "a request to AWS is signed"
    region, service = signed.groups()
    headers["host"] = f"{service}.{region}.amazonaws.com"
    path = scope["raw_path"].decode() + (
        f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
    )
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    request = AWSPreparedRequest(
        scope["method"],
        f"https://{headers['host']}{path}",
        HTTPHeaders.from_dict(headers),
        body,
        stream_output=False,
    )
    status, answered, content = await run_in_threadpool(_answer, request)
    kept = [
        (name.lower().encode(), str(value).encode())
        for name, value in answered.items()
        if name.lower() not in {"content-length", "date", "server", "connection"}
    ]
    length = (b"content-length", str(len(content)).encode())
    if scope["method"] == "HEAD":
        length = (b"content-length", str(answered.get("content-length", 0)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": content})


def _answer(request: AWSPreparedRequest) -> tuple[int, dict[str, Any], bytes]:
    answer = botocore_stubber.process_request(request)
    assert answer is not None, request.url
    status, headers, body = answer
    return status, headers, body.encode() if isinstance(body, str) else body


class Callers:
    """The parties of a run call AWS at another address than the test that looks at them."""

    def __init__(self, endpoint: str, *, wait_seconds: float) -> None:
        self._endpoint = endpoint
        self._patience = Config(connect_timeout=wait_seconds, read_timeout=wait_seconds)
        self._brief = replace(aws_json.BRIEF, connect=wait_seconds, read=wait_seconds)
        self._here = threading.local()

    def invoke(self, function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
        """Run a handler."""
        self._here.handler = True
        try:
            return invoke_handler(function, event)
        finally:
            self._here.handler = False

    @contextmanager
    def installed(self) -> Generator[None]:
        """Let the parties' clients call there, and give up soon."""
        real: Callable[..., Any] = vars(Session)["create_client"]
        url: Callable[[Service, str], str] = vars(aws_json)["_url"]

        def other_url(service: Service, region: str) -> str:
            return self._endpoint if getattr(self._here, "handler", False) else url(service, region)

        def client(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a client of any service
            # moto's state machine shows this key.
            if kwargs.get("aws_access_key_id") == "ak" or getattr(self._here, "handler", False):
                kwargs["endpoint_url"] = self._endpoint
                kwargs["config"] = (kwargs.get("config") or Config()).merge(self._patience)
            return real(*args, **kwargs)

        with (
            mock.patch.object(Session, "create_client", client),
            mock.patch.object(aws_json, "_url", other_url),
            mock.patch.object(aws_json, "BRIEF", self._brief),
            mock.patch.object(boto3, "client", boto.unshared),
        ):
            yield
