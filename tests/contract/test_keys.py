"""Who may ask what: keys, their scopes, the personas they reach, and how often they may ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.finetuning import create_app, serve
from tests.support.cloud import cloud
from tests.support.handlers import Context, load_handler, sample_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cloud import Cloud


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    app = create_app(tmp_path_factory.mktemp("provider"))
    with pytest.MonkeyPatch.context() as patch, serve(app) as url, cloud(patch, url) as opened:
        yield opened


def ask(function: str, method: str, path: str, body: str | None = None, **told: str) -> tuple[int, Any]:
    """Ask a function as the gateway does once the authorizer has told of the key."""
    event: dict[str, Any] = {**sample_event(function), "path": path, "httpMethod": method, "body": body}
    event["requestContext"]["authorizer"] |= told
    answer = load_handler(function)(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("body", ["{}", "{", '{"model": "하준"}'])
def test_a_key_without_the_scope_is_refused_before_its_request_is_read(up: Cloud, body: str) -> None:
    del up
    status, answer = ask("completion", "POST", "/v1/chat/completions", body, scopes="manage")
    assert (status, answer["error"]["code"]) == (403, "insufficient_scope")
