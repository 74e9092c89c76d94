"""An operation of a service: its route, its members as botocore's model has them, and its answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.finetuning.bedrock.constraints import violations
from infra.local.finetuning.bedrock.errors import invalid
from infra.local.finetuning.bedrock.signature import Caller, caller_of
from infra.local.finetuning.server import server_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.model import OperationModel, ServiceModel, Shape
    from starlette.requests import Request
    from starlette.responses import Response

    from infra.local.finetuning.server import Server
    from infra.local.finetuning.store import Record

_LABEL = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that satisfies the model's constraints; ``members`` under botocore's names."""

    server: Server
    caller: Caller
    members: Record


@cache
def service_model(service: str) -> ServiceModel:
    """What botocore knows of a service."""
    return botocore.session.Session().get_service_model(service)


def operation(service: str, name: str, answer: Callable[[Asked], Record]) -> Route:
    """The route of an operation, answered by ``answer`` with the operation's output."""
    model = service_model(service).operation_model(name)

    async def endpoint(request: Request) -> Response:
        asked = Asked(server_of(request), caller_of(request), await _members(request, model))
        output = await run_in_threadpool(answer, asked)
        return JSONResponse(output, status_code=model.http["responseCode"])

    # Identifiers are ARNs, which hold slashes.
    path = _LABEL.sub(r"{\1:path}", model.http["requestUri"])
    return Route(path, endpoint, methods=[model.http["method"]], name=name)


async def _members(request: Request, model: OperationModel) -> Record:
    shape = model.input_shape
    if shape is None:
        return {}
    members = _body(await request.body())
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name)
        if location == "uri":
            members[name] = request.path_params[wire]
        elif location == "querystring" and wire in request.query_params:
            members[name] = _from_text(member, request.query_params[wire])
    wrong = list(violations(shape, members))
    if wrong:
        plural = "s" if len(wrong) > 1 else ""
        raise invalid(f"{len(wrong)} validation error{plural} detected: {'; '.join(wrong)}")
    return members


def _body(raw: bytes) -> Record:
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise invalid("The request body is not valid JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise invalid("The request body is not a JSON object.")
    return cast("Record", body)


def _from_text(shape: Shape, text: str) -> Any:  # noqa: ANN401  whatever the member is
    if shape.type_name == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text
