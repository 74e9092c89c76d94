"""The events that functions are handed, and which function the template has each handed to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.support.handlers import sample_event
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


def routes() -> Iterator[tuple[str, str, str]]:
    """The template's routes: method, path, and the folder of the function that answers."""
    for name, resource in TEMPLATE["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api":
                folder = re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Function")).lower()
                yield event["Properties"]["Method"], event["Properties"]["Path"], folder


_PATH_VARIABLE = re.compile(r"\{\w+(\+?)\}")


def _any_of(variable: re.Match[str]) -> str:
    return ".+" if variable[1] else "[^/]+"


def function_for(method: str, path: str) -> str:
    """Which function the gateway asks; for what it knows no route of, the one that tells so itself."""
    # Of two that match, the gateway takes the one with fewer variables.
    for known, pattern, function in sorted(routes(), key=lambda route: route[1].count("{")):
        if known == method and re.fullmatch(_PATH_VARIABLE.sub(_any_of, pattern), path):
            return function
    return "completion"


def request_event(method: str, path: str, body: str | None) -> dict[str, Any]:
    """What the gateway hands to a function when the owner asks."""
    return {**sample_event(function_for(method, path)), "path": path, "httpMethod": method, "body": body}


def drop_event(key: str, at: datetime) -> dict[str, Any]:
    """What the queue of drops holds once an object was put at ``key``."""
    event = sample_event("preprocess")
    (record,) = event["Records"]
    created = json.loads(record["body"])
    created["detail"]["object"]["key"] = key
    created["time"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    record["body"] = json.dumps(created, ensure_ascii=False)
    return event
