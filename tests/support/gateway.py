"""API Gateway as the template sets it up, in process: its routes, its authorizer and its own answers."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from tests.support.document import pattern_of
from tests.support.handlers import Context, load_handler, sample_event
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_BYTES = 10 * 2**20


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Route:
    """One method of one path: the function behind it, and whether it asks for a key."""

    method: str
    path: str
    function: str
    asks_for_key: bool


def routes() -> list[Route]:
    """Every route of the template; those without a parameter first, as the gateway prefers them."""
    found = [
        Route(
            event["Properties"]["Method"],
            event["Properties"]["Path"],
            folder_of(name),
            event["Properties"].get("Auth", {}).get("Authorizer") != "NONE",
        )
        for name, resource in TEMPLATE["Resources"].items()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event.get("Type") == "Api"
    ]
    return sorted(found, key=lambda route: "{" in route.path)


def folder_of(function: str) -> str:
    """The folder of a function of the template, as the functions' Makefile finds it."""
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", function.removesuffix("Function")).lower()


ROUTES = routes()


def ask(  # noqa: PLR0913 - the parts of a request, and who says whose it is
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: str = "",
    body: bytes = b"",
    authorize: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Answer:
    """Send a request; ``path`` is percent-encoded, as it goes over the wire.

    Args:
        method: GET, POST, …
        path: from the slash behind the stage on.
        headers: the request's.
        query: what stands behind the question mark.
        body: the request's.
        authorize: who is asked whose key it is; the deployed authorizer where it is None.
    """
    route = next(
        (each for each in ROUTES if each.method == method and pattern_of(each.path).fullmatch(path)), None
    )
    if route is None:
        return own_answer("MISSING_AUTHENTICATION_TOKEN")
    if len(body) > MAX_BYTES:
        return own_answer("REQUEST_TOO_LARGE")
    event = event_of(route, path, dict(headers or {}), query, body)
    if route.asks_for_key:
        try:
            allowed = (authorize or ask_authorizer)(
                {**sample_event("authorizer"), "headers": event["headers"]}
            )
        except Exception as refusal:
            # Which is the word that the gateway goes by; of anything else it makes a fault.
            if str(refusal) != "Unauthorized":
                raise
            return own_answer("UNAUTHORIZED")
        event["requestContext"]["authorizer"] = {
            "principalId": allowed["principalId"],
            **allowed.get("context", {}),
        }
    # What a function answers is JSON itself.
    answer = json.loads(json.dumps(load_handler(route.function)(event, Context())))
    assert not answer.get("isBase64Encoded")
    told: dict[str, list[str]] = answer.get("multiValueHeaders") or {}
    many = {name: values[-1] for name, values in told.items()}
    return Answer(
        answer["statusCode"], {**(answer.get("headers") or {}), **many}, (answer["body"] or "").encode()
    )


def ask_authorizer(event: dict[str, Any]) -> dict[str, Any]:
    """Ask the deployed authorizer whose key was shown."""
    return load_handler("authorizer")(event, Context())


def event_of(route: Route, path: str, headers: dict[str, str], query: str, body: bytes) -> dict[str, Any]:
    """The proxy event of a request."""
    event = copy.deepcopy(sample_event("completion"))
    values = parse_qs(query, keep_blank_values=True)
    return {
        **event,
        "resource": route.path,
        "path": path,
        "httpMethod": route.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: each[-1] for name, each in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        # The gateway has no binary types: it hands bodies on as text.
        "body": body.decode("utf-8", "replace") or None,
        "isBase64Encoded": False,
        "requestContext": {
            **event["requestContext"],
            "resourcePath": route.path,
            "path": f"/live{unquote(path)}",
            "httpMethod": route.method,
            "authorizer": {},
        },
    }


def own_answer(kind: str) -> Answer:
    """What the gateway answers by itself, as the template words it."""
    response = TEMPLATE["Resources"]["Api"]["Properties"]["GatewayResponses"][kind]
    extra: dict[str, str] = response.get("ResponseParameters", {}).get("Headers", {})
    return Answer(
        response["StatusCode"],
        {"Content-Type": "application/json", **{name: value.strip("'") for name, value in extra.items()}},
        response["ResponseTemplates"]["application/json"].encode(),
    )


def as_wsgi(
    authorize: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """The gateway as a WSGI application, for what speaks to one."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") or name == "CONTENT_TYPE"
        }
        answer = ask(
            environ["REQUEST_METHOD"],
            environ["REQUEST_URI"].partition("?")[0],
            headers={name: value for name, value in headers.items() if value},
            query=environ["QUERY_STRING"],
            body=environ["wsgi.input"].read(),
            authorize=authorize,
        )
        start_response(f"{answer.status} -", list(answer.headers.items()))
        return [answer.body]

    return application
