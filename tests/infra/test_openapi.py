"""The OpenAPI document is what the code says, is valid, and tells of every route and every refusal."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.openapi import DOCUMENT, as_text, generate
from tests.support.document import check, document
from tests.support.template import TEMPLATE


@pytest.fixture(scope="module")
def generated() -> dict[str, Any]:
    return generate()


def test_the_committed_document_is_what_the_code_says(generated: dict[str, Any]) -> None:
    fresh = as_text(generated) == DOCUMENT.read_text("utf-8")
    assert fresh, "functions/page/openapi.json is not what the code says any longer; run: make openapi"


def test_the_document_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document()).validate()


def routes_of_the_template() -> set[tuple[str, str]]:
    return {
        (event["Properties"]["Path"], event["Properties"]["Method"].lower())
        for resource in TEMPLATE["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event.get("Type") == "Api"
    }


def test_the_document_knows_the_routes_that_are_deployed_and_no_others() -> None:
    documented = {(path, verb) for path, verbs in document()["paths"].items() for verb in verbs}
    # The page is for browsers, and the document is no part of itself; its description says so.
    others = {("/", "get"), ("/static/{file+}", "get"), ("/v1/openapi.json", "get")}
    assert documented == routes_of_the_template() - others
    described = set(re.findall(r"`GET (\S+)`", document()["info"]["description"]))
    assert {(path, "get") for path in described} == others


def operations() -> list[dict[str, Any]]:
    return [operation for verbs in document()["paths"].values() for operation in verbs.values()]


def test_every_operation_has_a_name_of_its_own_and_a_summary() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in operations())


def test_every_example_is_as_its_schema_says() -> None:
    for name, response in document()["components"]["responses"].items():
        for example in response["content"]["application/json"]["examples"].values():
            status = int(name.partition("-")[0])
            path, method = one_that_refuses(name)
            headers = {"Content-Type": ["application/json"], "Retry-After": ["1"]}
            body = json.dumps(example["value"])
            check(method, path, {"statusCode": status, "multiValueHeaders": headers, "body": body})


def one_that_refuses(name: str) -> tuple[str, str]:
    return next(
        (path, method.upper())
        for path, verbs in document()["paths"].items()
        for method, operation in verbs.items()
        if {"$ref": f"#/components/responses/{name}"} in operation["responses"].values()
    )


ANSWER: dict[str, Any] = {
    "statusCode": 200,
    "multiValueHeaders": {"Content-Type": ["application/json"]},
    "body": '{"object": "list", "data": []}',
}
NOT_JSON = {"Content-Type": ["text/plain"]}
TOO_MANY = '{"error": {"message": "m", "type": "rate_limit_error", "param": null, "code": "%s"}}'


def test_an_answer_as_the_document_says_is_let_through() -> None:
    check("GET", "/v1/models", ANSWER)
    headers = {**ANSWER["multiValueHeaders"], "Retry-After": ["1"]}
    body = TOO_MANY % "rate_limit_exceeded"
    check("GET", "/v1/models", {"statusCode": 429, "multiValueHeaders": headers, "body": body})


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/v1/nowhere", {}),
        ("/v1/models", {"statusCode": 418}),
        ("/v1/models", {"multiValueHeaders": NOT_JSON}),
        ("/v1/models", {"body": '{"object": "list"}'}),
        ("/v1/models", {"body": '{"object": "list", "data": [{"id": 1}]}'}),
        ("/v1/models", {"statusCode": 429, "body": TOO_MANY % "rate_limit_exceeded"}),
        (
            "/v1/models",
            {
                "statusCode": 429,
                "multiValueHeaders": {**ANSWER["multiValueHeaders"], "Retry-After": ["1"]},
                "body": TOO_MANY % "unheard_of",
            },
        ),
    ],
)
def test_an_answer_that_the_document_does_not_know_fails_its_test(path: str, change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check("GET", path, {**ANSWER, **change})
