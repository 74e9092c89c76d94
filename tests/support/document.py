"""Holds every answer of the endpoint's functions against the OpenAPI document that is served."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from infra.openapi import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

JSON = "application/json"
EVENTS = "text/event-stream"
URI = "urn:document"


def checked(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Wrap a Lambda handler: what it answers to a request must be as the document says."""

    def handle(event: Any, context: Any) -> Any:  # noqa: ANN401 - Lambda's
        answer = handler(event, context)
        if is_request(event):
            check(event["httpMethod"], event["path"], answer)
        return answer

    return handle


def is_request(event: Any) -> bool:  # noqa: ANN401 - Lambda's
    """Whether an event is a request to the API, not one to the authorizer, the page or anything else."""
    match event:
        case {"methodArn": _}:
            return False
        case {"httpMethod": str(), "path": str(path)}:
            return path.startswith(("/v1/", "/kakao/")) and path != "/v1/openapi.json"
        case _:
            return False


def check(method: str, path: str, answer: Json) -> None:
    """Hold an answer to the gateway against the document."""
    operation = operation_at(method, path)
    where = f"{method} {path} answered {answer['statusCode']}"
    if operation is None:
        assert answer["statusCode"] == 404, f"{where}, but the document knows no such route: make openapi"
        _check_json(URI + "#/components/schemas/Error", answer["body"], where)
        return
    pointer, responses = operation
    status = str(answer["statusCode"])
    assert status in responses, (
        f"{where}, which the document does not know: say so in responses=refusals(...)"
    )
    response = responses[status]
    at = f"{pointer}/responses/{status}"
    if "$ref" in response:
        at = response["$ref"]
        response = document()["components"]["responses"][at.rpartition("/")[2]]
    headers = {name.lower(): values[0] for name, values in answer.get("multiValueHeaders", {}).items()}
    headers |= {name.lower(): value for name, value in answer.get("headers", {}).items()}
    for name, header in response.get("headers", {}).items():
        said = headers.get(name.lower())
        assert said is not None or not header.get("required"), f"{where} without {name}"
        if header["schema"]["type"] == "integer":
            assert int(said or 0) >= header["schema"]["minimum"], f"{where} with {name}: {said}"
    media = headers["content-type"].partition(";")[0]
    assert media in response["content"], f"{where} as {media}, which the document does not know"
    content = f"{URI}{at}/content/{escaped(media)}"
    if media == JSON:
        _check_json(f"{content}/schema", answer["body"], where)
    elif media == EVENTS:
        *events, done, nothing = answer["body"].split("\n\n")
        assert (done, nothing) == ("data: [DONE]", ""), f"{where} with a stream that has no end"
        for event in events:
            _check_json(
                f"{content}/x-itemSchema/properties/data/contentSchema", event.removeprefix("data: "), where
            )


def operation_at(method: str, path: str) -> tuple[str, Json] | None:
    """The pointer to the operation that a request asks for, and its responses."""
    for template, operations in document()["paths"].items():
        if method.lower() in operations and pattern_of(template).fullmatch(path):
            pointer = f"#/paths/{escaped(template)}/{method.lower()}"
            return pointer, operations[method.lower()]["responses"]
    return None


@cache
def document() -> Json:
    """The document as it is served."""
    return json.loads(DOCUMENT.read_text("utf-8"))


@cache
def pattern_of(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)))


def escaped(part: str) -> str:
    """A name as a part of a JSON pointer in a URI."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _check_json(schema: str, text: str, where: str) -> None:
    wrong = [
        f"{error.json_path}: {error.message}" for error in _validator(schema).iter_errors(json.loads(text))
    ]
    assert not wrong, f"{where}, not as the document says: {wrong}"


@cache
def _validator(schema: str) -> Draft202012Validator:
    known: Resource[Any] = Resource.from_contents(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **document()}
    )
    registry = Registry[Any]().with_resource(URI, known)
    return Draft202012Validator({"$ref": schema}, registry=registry)
