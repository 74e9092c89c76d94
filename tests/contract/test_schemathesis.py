"""Every route, asked whatever its document allows and forbids, by each kind of caller."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import boto3
import pytest
import schemathesis
from hypothesis import strategies as st
from moto.core.config import default_user_config

from infra.local.finetuning import create_app, serve
from tests.support.cloud import ACCOUNT, API_KEY, cloud
from tests.support.dialogues import export
from tests.support.document import document
from tests.support.gateway import as_wsgi, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PERSONA = "하준"

# Few letters, because schemathesis draws thousands of texts; which a name may have is tried elsewhere.
LETTERS = "가나다라마바사아자차카타파하힣abcxyz0189"
WORDS = st.text(f"{LETTERS} ", min_size=1, max_size=16)

# What the document's own formats stand for.
schemathesis.openapi.format("persona-name", st.text(LETTERS, min_size=1, max_size=16))
schemathesis.openapi.format("visible-text", st.builds("{}{}".format, WORDS, st.sampled_from(LETTERS)))
schemathesis.openapi.format(
    "export-file-name", st.builds("{}.{}".format, WORDS, st.sampled_from(("csv", "txt")))
)


def with_known_names(part: Any) -> Any:  # noqa: ANN401 - JSON
    """Let half of the names be the persona's, for what is asked of nobody goes nowhere."""
    match part:
        case {"name": "persona", "in": "path", "schema": schema}:
            return {**part, "schema": {"anyOf": [{"enum": [PERSONA]}, schema]}}
        case {"properties": {"model": schema, "stream": _}}:
            properties = {**part["properties"], "model": {"anyOf": [{"enum": [PERSONA]}, schema]}}
            return {**part, "properties": properties}
        case dict():
            return {name: with_known_names(each) for name, each in cast("dict[str, Any]", part).items()}
        case list():
            return [with_known_names(each) for each in cast("list[Any]", part)]
        case _:
            return part


def asked(examples: int, *, coverage: bool) -> Any:  # noqa: ANN401 - schemathesis's own type is not the one that it is used by
    config = schemathesis.Config.from_dict(
        {
            "seed": 1,
            "generation": {"deterministic": True, "max-examples": examples},
            "phases": {"coverage": {"enabled": coverage, "unexpected-methods": []}},
            # API Gateway has one answer for a path that is not there and a method that a path has not.
            "checks": {"unsupported_method": {"enabled": False}},
        }
    )
    whole: dict[str, Any] = {**with_known_names(copy.deepcopy(document())), "servers": [{"url": "/"}]}
    # The one route that refuses what is no name; schemathesis takes a format of one's own for any text.
    (dropped_for,) = whole["paths"]["/v1/personas/{persona}/exports"]["post"]["parameters"]
    dropped_for["schema"] = {"enum": [PERSONA, "아무개"]}
    schema = schemathesis.openapi.from_dict(whole, config=config)
    schema.app = as_wsgi()
    return schema


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    app = create_app(tmp_path_factory.mktemp("provider"))
    with pytest.MonkeyPatch.context() as patch, serve(app) as url, cloud(patch, url) as up:
        up.drop(f"exports/{PERSONA}/chat.csv", export())
        assert [run["status"] for run in up.finish()] == ["SUCCEEDED"]
        # Removals are begun and go no further: the persona is to be there for the next request.
        with mock.patch.dict(cast("Any", default_user_config)["stepfunctions"], execute_state_machine=False):
            boto3.client("stepfunctions").create_state_machine(
                name="remove", definition="{}", roleArn=f"arn:aws:iam::{ACCOUNT}:role/state-machine"
            )
            yield {"owner": API_KEY, "chat": new_key()}


def new_key() -> str:
    wanted = {"name": "chat", "requests_per_minute": 1_200, "requests_per_month": 1_000_000}
    answer = ask("POST", "/v1/keys", headers=shown(API_KEY), body=json.dumps(wanted).encode())
    assert answer.status == 201
    return json.loads(answer.body)["key"]


def shown(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def named(request: pytest.FixtureRequest) -> None:
    """Schemathesis looks for a test's name where pytest kept it before 9.2."""
    vars(request.node)["_nodeid"] = request.node.nodeid


# From fixtures, because what covers the document takes long to make, and every worker collects every test.
@pytest.fixture
def asked_by_the_owner() -> Any:  # noqa: ANN401 - as above
    return asked(8, coverage=True)


@pytest.fixture
def asked_by_a_caller() -> Any:  # noqa: ANN401 - as above
    return asked(2, coverage=False)


@pytest.fixture
def asked_by_nobody() -> Any:  # noqa: ANN401 - as above
    return asked(1, coverage=False)


def every_route_of(fixture: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    # Kakao shows nothing but a 200, so that nothing is refused there.
    routes = schemathesis.pytest.from_fixture(fixture).exclude(path="/kakao/{persona}")
    return cast("Any", routes).parametrize()


@every_route_of("asked_by_the_owner")
def test_the_owner_is_answered_as_documented(case: schemathesis.Case[Any], keys: dict[str, str]) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {keys['owner']}"})


@every_route_of("asked_by_a_caller")
def test_a_key_for_chats_is_answered_as_documented(
    case: schemathesis.Case[Any], keys: dict[str, str]
) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {keys['chat']}"})


@pytest.mark.usefixtures("keys")
@every_route_of("asked_by_nobody")
def test_nobody_is_answered_but_that_a_key_is_needed(case: schemathesis.Case[Any]) -> None:
    answer = case.call_and_validate(headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
