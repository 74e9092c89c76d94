"""The endpoint's OpenAPI 3.1 document, made from the code: ``python -m infra.openapi`` writes it.

Routes, parameters and bodies are the routers' own, and results the routes' return annotations. Refusals are
what a route says that it may answer, what every router answers, and what API Gateway answers by itself. Which
routes ask for a key stands in ``template.yaml``. The bot's route has no router: :mod:`infra.openapi_bot`.

Powertools' own generator stays aside: it documents a 422 that nobody is answered, knows no streams, and makes
one document per function.
"""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from inspect import cleandoc
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, cast, get_args, get_origin

from pydantic import Field

from infra import openapi_bot
from infra.openapi_shapes import Json, Shapes, plain
from infra.routes import FUNCTIONS, envelope, load, routes
from infra.template import read_template
from maltu import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_lambda_powertools.event_handler.api_gateway import Route
    from aws_lambda_powertools.event_handler.openapi.compat import ModelField

DOCUMENT: Final = FUNCTIONS / "page" / "openapi.json"

_JSON: Final = "application/json"
_INFO: Final = {
    "title": "Maltu",
    "version": "1",
    "description": (
        "Personas answer here: models that write the way one person does. Clients of OpenAI's chat "
        "completions can call it. Every failure is answered in OpenAI's envelope, but for the bot's route, "
        "which answers in Kakao's protocol. Not described here, because they are for browsers: `GET /` is "
        "the web page, `GET /static/{file+}` are its files, `GET /v1/openapi.json` is this document; none of "
        "them asks for a key."
    ),
}
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The key, as OpenAI's clients show it."},
    "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The key."},
}
_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Seconds to wait before the same request.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}


def main() -> None:
    """Write the document where it is served from."""
    DOCUMENT.write_text(as_text(generate()), "utf-8")


def as_text(document: Json) -> str:
    """Give the document as it is committed."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def generate() -> Json:
    """Make the document."""
    shapes = Shapes()
    shapes.add(envelope().Error)
    paths: dict[str, Json] = {}
    refusals: Json = {}
    for route in sorted(routes(), key=lambda each: (each.openapi_path, each.method)):
        operation = _operation(route, shapes)
        operation["responses"] |= _named(_refusals(route), refusals)
        paths.setdefault(route.openapi_path, {})[route.method.lower()] = operation
    bot = openapi_bot.operation(shapes)
    bot["responses"] |= _named(_of_the_gateway(openapi_bot.PATH, is_public=True), refusals)
    paths[openapi_bot.PATH] = {"post": bot}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        # Relative to where the document stands, which is <stage>/v1/openapi.json.
        "servers": [{"url": ".."}],
        "paths": paths,
        "components": {
            "schemas": shapes.resolve(),
            "responses": dict(sorted(refusals.items())),
            "securitySchemes": {**_SECURITY, **openapi_bot.security(load("kakao"))},
        },
    }


def _operation(route: Route, shapes: Shapes) -> Json:
    summary, _, more = cleandoc(route.func.__doc__ or "").partition("\n")
    body = route.body_field
    parameters = [
        _parameter(field, shapes)
        for group in (
            route.dependant.path_params,
            route.dependant.query_params,
            route.dependant.header_params,
        )
        for field in group
    ]
    return {
        "operationId": route.func.__name__,
        "summary": plain(summary.rstrip(".")),
        **({"description": plain(more)} if more.strip() else {}),
        "tags": [route.openapi_path.split("/")[2]],
        "security": _security(route),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _request_body(body, shapes)} if body else {}),
        "responses": {str(int(route.status_code)): _result(route, shapes)},
    }


def _parameter(field: ModelField, shapes: Shapes) -> Json:
    info: Any = field.field_info
    if not info.description:
        raise ValueError(f"The parameter {field.name!r} has no description.")
    limits = [*info.metadata, Field(json_schema_extra=info.json_schema_extra)]
    kind: Any = Annotated[field.type_, *limits]
    return {
        "name": field.alias,
        "in": info.in_.value,
        "required": field.required,
        "description": info.description,
        "schema": shapes.add(kind, "validation"),
    }


def _request_body(field: ModelField, shapes: Shapes) -> Json:
    return {"required": field.required, "content": {_JSON: {"schema": shapes.add(field.type_, "validation")}}}


def _result(route: Route, shapes: Shapes) -> Json:
    returned = route.dependant.return_param
    if returned is None:
        raise ValueError(f"{route.func.__name__} does not say what it returns.")
    union = get_origin(returned.type_) in {Union, type(int | str)}
    content: Json = {}
    for shape in get_args(returned.type_) if union else (returned.type_,):
        if get_origin(shape) is not Annotated:
            content[_JSON] = {"schema": shapes.add(shape)}
            continue
        text, media, *_ = get_args(shape)
        content[media.name] = _stream(media.events, shapes) if media.events else {"schema": shapes.add(text)}
    return {"description": HTTPStatus(route.status_code).phrase, "content": content}


def _stream(data: type, shapes: Shapes) -> Json:
    """Say what each event but the last holds, in the words that OpenAPI 3.2 has for it."""
    event = {"type": "string", "contentMediaType": _JSON, "contentSchema": shapes.add(data)}
    return {
        "x-itemSchema": {
            "description": "An event; the last one's data is [DONE].",
            "type": "object",
            "properties": {"data": event},
            "required": ["data"],
        }
    }


def _refusals(route: Route) -> dict[int, dict[str, Json]]:
    """Every failure that the route may answer: by its status, and each status by its codes."""
    answers = envelope()
    found: dict[int, dict[str, Json]] = {}
    own: list[dict[int, Any]] = [route.responses or {}, answers.refusals(*_of_the_router(route))]
    for status, response in (each for responses in own for each in responses.items()):
        found.setdefault(status, {}).update(response["content"][_JSON]["examples"])
    for status, examples in _of_the_gateway(route.openapi_path, is_public=_is_public(route)).items():
        found[status] = {**examples, **found.get(status, {})}
    return found


def _of_the_router(route: Route) -> Iterator[type[errors.MaltuError]]:
    """What the router answers before or after the route's function."""
    yield errors.MaltuError
    if route.method != "GET":
        yield from (errors.InvalidRequest, errors.RequestTooLarge)
    if not _is_public(route):
        yield from (errors.TooManyRequests, errors.QuotaUsedUp)
    if _demanded(route):
        yield errors.InsufficientScope
        if "{persona}" in route.openapi_path:
            # One that the key does not reach.
            yield errors.PersonaNotFound


def _security(route: Route) -> list[Json]:
    """Any of these is enough."""
    if _is_public(route):
        return []
    return [{name: [scope]} for scope in _demanded(route) for name in _SECURITY]


def _demanded(route: Route) -> list[str]:
    """What a key must be for, one of them."""
    middlewares = cast("list[Any]", route.middlewares)
    return sorted(scope for each in middlewares for scope in getattr(each, "scopes", ()))


def _named(refusals: Mapping[int, dict[str, Json]], responses: Json) -> Json:
    """Put each status's refusal among the document's responses, once; refer to it."""
    references: Json = {}
    for status, examples in sorted(refusals.items()):
        name = "-".join([str(status), *sorted(examples)])
        responses[name] = _refusal(status, dict(sorted(examples.items())))
        references[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return references


def _refusal(status: int, examples: Mapping[str, Json]) -> Json:
    codes = [each["value"]["error"]["code"] for each in examples.values()]
    only = {"error": {"properties": {"code": {"enum": codes}}}}
    return {
        "description": plain(" ".join(each["summary"] for each in examples.values())),
        **({"headers": _RETRY_AFTER} if status in {429, 503} else {}),
        "content": {
            _JSON: {
                "schema": {"$ref": "#/components/schemas/Error", "properties": only},
                "examples": {name: {"value": each["value"]} for name, each in examples.items()},
            }
        },
    }


@cache
def _template() -> Json:
    return read_template()["Resources"]


def _is_public(route: Route) -> bool:
    """Whether the route asks for no key."""
    for resource in _template().values():
        events: dict[str, Json] = resource.get("Properties", {}).get("Events", {})
        for event in events.values():
            asked: Json = event.get("Properties", {})
            if (asked.get("Path"), asked.get("Method")) == (route.openapi_path, route.method):
                return bool(asked.get("Auth", {}).get("Authorizer") == "NONE")
    raise LookupError(f"template.yaml has no event for {route.method} {route.openapi_path}.")


def _of_the_gateway(path: str, *, is_public: bool) -> dict[int, dict[str, Json]]:
    """What API Gateway answers by itself, in the template's words: by status, each status by its codes."""
    found: dict[int, dict[str, Json]] = {}
    for name, response in _template()["Api"]["Properties"]["GatewayResponses"].items():
        status = response.get("StatusCode")
        if status is None or (status == HTTPStatus.UNAUTHORIZED and is_public):
            continue
        # There is no such route, as far as a name that goes over several parts of a path is concerned.
        if name == "MISSING_AUTHENTICATION_TOKEN" and "{" not in path:
            continue
        body = json.loads(response["ResponseTemplates"][_JSON])
        about = {"summary": body["error"]["message"], "value": body}
        found.setdefault(int(status), {}).setdefault(body["error"]["code"] or "no_route", about)
    return found


if __name__ == "__main__":
    main()
