"""Holds every answer of an AWS-like server against botocore's own model of the service."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.local.finetuning.bedrock.constraints import violations
from infra.local.finetuning.bedrock.operations import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SERVICES = ("bedrock", "bedrock-runtime")
BEFORE_ANY_OPERATION = {"AccessDeniedException": 403, "UnknownOperationException": 404}


@dataclass
class Checked:
    """An ASGI application in front of another; collects what is wrong with its answers.

    What is under ``unchecked`` speaks another protocol.
    """

    app: ASGIApp
    unchecked: str = "/v1"
    wrong: list[str] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self.unchecked):
            await self.app(scope, receive, send)
            return
        parts: list[Message] = []

        async def keep(message: Message) -> None:
            parts.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                # Before the caller can see its end, so that a test that has the answer has the verdict too.
                self._check(scope["method"], scope["path"], parts)
            await send(message)

        await self.app(scope, receive, keep)

    def _check(self, method: str, path: str, parts: list[Message]) -> None:
        status: int = parts[0]["status"]
        headers = {name.decode(): value.decode() for name, value in parts[0]["headers"]}
        body = b"".join(part.get("body", b"") for part in parts[1:])
        model = operation_at(method, path)
        name = model.name if model else "no operation"
        parsed = json.loads(body)
        if status >= 400:
            found = wrong_error(model, status, headers.get("x-amzn-errortype"), parsed)
        else:
            found = list(wrong_output(model, status, parsed))
            self.answered.add(name)
        self.wrong += [f"{name}: {each}" for each in found]


def operation_at(method: str, path: str) -> OperationModel | None:
    """Find the operation that a request asks for."""
    for service in map(service_model, SERVICES):
        for name in service.operation_names:
            model = service.operation_model(name)
            pattern = re.sub(r"\\\{\w+\\\}", "(.+)", re.escape(model.http["requestUri"]))
            found = re.fullmatch(pattern, path)
            # An ARN holds slashes, but no operation's own words.
            if model.http["method"] == method and found and not path_goes_on(found):
                return model
    return None


def path_goes_on(found: re.Match[str]) -> bool:
    return any(group.endswith(("/stop", "/converse")) for group in found.groups())


def wrong_output(model: OperationModel | None, status: int, body: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if model is None:
        yield "answered, though there is no such operation"
        return
    if status != model.http["responseCode"]:
        yield f"answered {status}"
    if model.output_shape is not None:
        yield from violations(model.output_shape, body, closed=True)


def wrong_error(model: OperationModel | None, status: int, code: str | None, body: Any) -> list[str]:  # noqa: ANN401 - JSON
    known = (
        {each.name: each.metadata["error"]["httpStatusCode"] for each in model.error_shapes} if model else {}
    )
    known = {**BEFORE_ANY_OPERATION, **known}
    if code not in known or known[code] != status:
        return [f"refused with {status} {code}; there are {known}"]
    return [] if isinstance(body.get("message"), str) and body["message"] else ["refused without a message"]
