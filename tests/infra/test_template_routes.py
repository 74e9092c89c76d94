"""What the template says of the API: its routes, its keys and its answers."""

from __future__ import annotations

import json
from typing import Any

from infra.conditions import decided
from tests.support.template import TEMPLATE, of_type, statements, with_bedrock

# Kakao can send a header of one's own choice and no key: its function compares the header with a secret. The
# page and the API's description are the same for everybody and hold nothing of anybody's.
KAKAO = ("/kakao/{persona}", "post")
PAGE = {("/", "get"), ("/static/{file+}", "get"), ("/v1/openapi.json", "get")}
WITHOUT_KEY = {KAKAO, *PAGE}


def test_every_route_but_kakaos_and_the_pages_asks_for_a_key(expanded: dict[str, Any]) -> None:
    (api,) = of_type(expanded, "AWS::ApiGateway::RestApi").values()
    methods = [
        (path, verb, method) for path, verbs in api["Body"]["paths"].items() for verb, method in verbs.items()
    ]
    assert {(path, verb) for path, verb, _ in methods} == {
        ("/v1/chat/completions", "post"),
        ("/v1/completions", "post"),
        ("/v1/models", "get"),
        ("/v1/models/base", "get"),
        ("/v1/models/{model}", "get"),
        ("/v1/exports", "post"),
        ("/v1/exports/{export}", "get"),
        ("/v1/personas", "get"),
        ("/v1/personas/{persona}", "get"),
        ("/v1/personas/{persona}/exports", "post"),
        ("/v1/personas/{persona}/versions/{version}/report", "get"),
        ("/v1/personas/{persona}", "delete"),
        ("/v1/personas/{persona}/versions/{version}/promote", "post"),
        ("/v1/personas/{persona}/versions/{version}/style", "get"),
        ("/v1/personas/{persona}/rollback", "post"),
        ("/v1/personas/{persona}/runs/{run}/approve", "post"),
        ("/v1/personas/{persona}/runs/{run}/reject", "post"),
        ("/v1/personas/{persona}/runs/{run}/cancel", "post"),
        ("/v1/removals/{removal}", "get"),
        ("/v1/keys", "get"),
        ("/v1/keys/self", "get"),
        ("/v1/keys", "post"),
        ("/v1/keys/{key}", "delete"),
        *WITHOUT_KEY,
    }
    for path, verb, method in methods:
        if (path, verb) in WITHOUT_KEY:
            # So SAM says that a method has no authorizer.
            assert method["security"] == [{"NONE": []}]
            continue
        assert method["security"] == [{"KeyAuthorizer": []}], (path, verb)


def test_the_authorizer_is_asked_every_time_so_that_a_revoked_key_is_refused_at_once(
    expanded: dict[str, Any],
) -> None:
    (api,) = of_type(expanded, "AWS::ApiGateway::RestApi").values()
    authorizer = api["Body"]["securityDefinitions"]["KeyAuthorizer"]["x-amazon-apigateway-authorizer"]
    assert authorizer["authorizerResultTtlInSeconds"] == 0
    assert authorizer["identitySource"] == "context.requestId"


def test_the_gateways_own_answers_are_in_the_envelope(expanded: dict[str, Any]) -> None:
    (api,) = of_type(expanded, "AWS::ApiGateway::RestApi").values()
    answers = api["Body"]["x-amazon-apigateway-gateway-responses"]
    statuses = {name: int(answer["statusCode"]) for name, answer in answers.items() if "statusCode" in answer}
    assert statuses == {
        "UNAUTHORIZED": 401,
        "ACCESS_DENIED": 401,
        "MISSING_AUTHENTICATION_TOKEN": 404,
        "THROTTLED": 429,
        "REQUEST_TOO_LARGE": 413,
        "INTEGRATION_TIMEOUT": 504,
    }
    for answer in answers.values():
        text = answer["responseTemplates"]["application/json"].replace("$context.error.messageString", '"m"')
        assert json.loads(text)["error"].keys() == {"message", "type", "param", "code"}


def test_what_is_reached_without_a_key_holds_no_provider_key_and_calls_one_function(
    expanded: dict[str, Any],
) -> None:
    granted = [statement for role, statement in statements(expanded) if role == "KakaoFunctionRole"]
    assert [(s["Action"], s["Resource"]) for s in granted] == [
        ("secretsmanager:GetSecretValue", {"Ref": "KakaoSecret"}),
        ("lambda:InvokeFunction", {"Fn::GetAtt": ["KakaoAnswerFunction", "Arn"]}),
    ]
    throttles = decided(TEMPLATE, {"HasKakaoBot": True})["Resources"]["Api"]["Properties"]["MethodSettings"]
    (kakaos,) = (each for each in throttles if each["ResourcePath"] == "/~1kakao~1{persona}")
    assert 0 < kakaos["ThrottlingRateLimit"] < throttles[0]["ThrottlingRateLimit"]


def test_all_that_is_kakaos_is_there_where_the_bot_is_on() -> None:
    assert TEMPLATE["Conditions"]["HasKakaoBot"] == {"Fn::Equals": [{"Ref": "KakaoBot"}, "on"]}
    assert TEMPLATE["Parameters"]["KakaoBot"]["Default"] == "off"
    there, gone = (decided(TEMPLATE, {"HasKakaoBot": on}) for on in (True, False))
    for section, names in (
        ("Resources", {"KakaoSecret", "KakaoFunction", "KakaoAnswerFunction", "CallbacksLostAlarm"}),
        ("Outputs", {"KakaoUrl", "KakaoSecretArn"}),
    ):
        assert there[section].keys() - gone[section].keys() == names
    assert "kakao" not in json.dumps({**gone, "Parameters": {}, "Conditions": {}}).casefold()


def test_the_pages_function_may_do_nothing_and_what_it_serves_costs_little(expanded: dict[str, Any]) -> None:
    assert not [role for role, _ in with_bedrock(expanded) if role == "PageFunctionRole"]
    throttles = decided(TEMPLATE, {"HasKakaoBot": False})["Resources"]["Api"]["Properties"]["MethodSettings"]
    limited = {
        each["ResourcePath"].replace("/~1", "/").replace("~1", "/"): each["ThrottlingRateLimit"]
        for each in throttles
        if each["HttpMethod"] == "GET"
    }
    assert limited.keys() == {path for path, _ in PAGE}
    assert all(0 < limit <= throttles[0]["ThrottlingRateLimit"] for limit in limited.values())
