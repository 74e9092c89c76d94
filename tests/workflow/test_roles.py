"""Each role holds what the chain asks of it and nothing else: no statement is spare, and none is missing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest

from infra.conditions import decided
from infra.local.finetuning import serve
from maltu import deployment
from tests.support.adapters import BEDROCK, OPENAI, ROLE, Adapter
from tests.support.chain import open_chain
from tests.support.cloud import API_KEY, BUCKET, TABLE, invoke_handler, partition
from tests.support.dialogues import START, export
from tests.support.engines import GatedEngine
from tests.support.faults import Fault
from tests.support.handlers import sample_event
from tests.support.invoking import Invocations
from tests.support.permissions import Request, Requests, of_the_key
from tests.support.posting import post_form
from tests.support.statements import Statement, actions_of, allows, narrowest, roles_of, with_less
from tests.support.template import TEMPLATE
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.chain import Chain

PERSONA = "/v1/personas/하준"
FILE = "KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
RESOURCES: dict[str, Any] = decided(TEMPLATE, {"HasKakaoBot": True, "HasKey": True, "IsBedrock": True})[
    "Resources"
]
ALLOWED = list(roles_of(RESOURCES))

# What no chain in a test can be seen to ask for, and who says that it is asked for.
UNSEEN = {
    ("EnsureDeployedFunction", "bedrock:DeleteCustomModelDeployment"): "one that failed is made anew",
    ("CleanUpFunction", "bedrock:StopModelCustomizationJob"): "a run that fails while its job is in progress",
    ("RemoveStateMachine", "dynamodb:UpdateItem"): "a removal that breaks off",
    ("RemoveStateMachine", "kms:Decrypt"): "same",
    ("PreprocessFunction", "states:DescribeExecution"): "what an earlier try left",
    ("PreprocessFunction", "s3:AbortMultipartUpload"): "a file above 8 MB whose upload in parts breaks off",
    **{
        (machine, action): "Step Functions delivers logs and traces as the machine"
        for machine in ("FineTuneStateMachine", "RemoveStateMachine")
        for action in (
            "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies", "logs:DescribeLogGroups", "xray:PutTraceSegments",
            "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
        )
    },
}  # fmt: skip


ARNS = {
    "Bucket.Arn": f"arn:aws:s3:::{BUCKET}",
    "Table.Arn": f"arn:aws:dynamodb:::table/{TABLE}",
    "BedrockRole.Arn": ROLE,
    "Topic": "arn:aws:sns:*:maltu-topic",
    "FineTuneStateMachine.Name": "fine_tune",
    # On moto an answer's machine is not told.
    "FineTuneStateMachine": "FineTuneStateMachine|*:stateMachine:fine_tune",
    "RemoveStateMachine": "*:stateMachine:remove",
    "ProviderKeySecret": "arn:aws:secretsmanager:*:secret:provider-*",
    "ApiKeySecret": "arn:aws:secretsmanager:*:secret:endpoint-*",
    "KakaoSecret": "arn:aws:secretsmanager:*:secret:kakao-*",
    "KakaoAnswerFunction.Arn": "kakao_answer",
    "RunLogs": "/aws/events/maltu-runs",
    "AWS::Partition": "aws",
    "AWS::Region": "*",
    "AWS::AccountId": "*",
    "AWS::StackName": "maltu",
    "AWS::URLSuffix": "amazonaws.com",
    "EncryptionKeyArn": "arn:aws:kms:::key",
}


def arn_of(resource: Any) -> str:  # noqa: ANN401 - any part of a template
    """What stands on moto for a resource of the template."""
    match resource:
        case {"Ref": str(name)}:
            return ARNS.get(name, name)
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return ARNS.get(f"{name}.Arn", name)
        case {"Fn::Sub": str(text)}:
            filled = re.sub(r"\$\{([\w:.]+)\}", lambda name: ARNS[name[1]], text)
            filled = filled.replace("maltu-fine-tune", "fine_tune")
            return filled.replace("arn:aws:events:*:*:event-bus", "arn:aws:events:::event-bus")
        case _:
            return str(resource)


def lets_through(statement: Statement, request: Request) -> bool:
    if request.action == "states:SendTaskSuccess":
        return request.action in actions_of(statement)
    return allows(statement, request, lambda resource: arn_of(resource).rpartition("|")[2])


def waiting(chain: Chain) -> dict[str, Any]:
    until(lambda: chain.cloud.version("하준")["status"] == "awaiting_approval")
    return chain.cloud.version("하준")


def owners_day(chain: Chain) -> None:
    """Everything that an owner does over the endpoint, on one chain."""
    cloud = chain.cloud
    offer = cloud.post("/v1/exports", {"file_name": FILE, "bytes": 1})[1]
    assert cloud.get(f"/v1/exports/{offer['export']}")[0] == 409
    assert post_form(offer["upload"], export().encode()) in {200, 204}
    assert cloud.get(f"/v1/exports/{offer['export']}")[0] == 200
    drop = cloud.post(f"{PERSONA}/exports", {"export": offer["export"]})[1]
    # The form is good for a while yet; what comes so late is erased with the persona.
    assert post_form(offer["upload"], export().encode()) in {200, 204}
    cloud.drop(drop["key"], export(), approval="always")
    first = waiting(chain)
    assert cloud.get(f"{PERSONA}/versions/{first['version']}/report")[0] == 200
    assert cloud.get(f"{PERSONA}/versions/20260101t000000000-000000000000-0/report")[0] == 404
    assert cloud.post(f"{PERSONA}/runs/{first['run']}/approve")[0] == 200
    cloud.finish()
    assert cloud.get(f"{PERSONA}/versions/{first['version']}/style")[0] == 200
    assert cloud.get("/v1/models")[1]["data"]
    assert cloud.get("/v1/personas")[1]["data"]
    said = {"messages": [{"role": "user", "content": "밥 먹었어?"}]}
    assert cloud.post("/v1/chat/completions", {"model": "하준", **said})[0] == 200
    # A newer drop ends a run that waits; one that waits can be rejected or cancelled.
    for number, answered in enumerate(("", "reject", "cancel")):
        content = export(start=START.replace(month=1 + number))
        cloud.drop(f"exports/하준/{number}.csv", content, approval="always")
        run = waiting(chain)["run"]
        if answered:
            assert cloud.post(f"{PERSONA}/runs/{run}/{answered}")[0] in {200, 202}
            cloud.finish()
    cloud.drop("exports/지우/unreadable.csv", b"\x00")
    # The queue may hand a drop out more than once.
    again = cloud.drop(
        "exports/하준/last.csv", export(start=START.replace(month=11)), approval="above_budget"
    )
    cloud.deliver(again)


def keys_and_callers(chain: Chain) -> None:
    made = chain.cloud.post("/v1/keys", {"name": "폰"})[1]
    assert chain.cloud.get("/v1/keys")[0] == 200
    for shown in (API_KEY, made["key"]):
        event = sample_event("authorizer") | {"headers": {"Authorization": f"Bearer {shown}"}}
        assert invoke_handler("authorizer", event)["principalId"]
    limits = {"principalId": made["id"], "requests_per_minute": "60", "requests_per_month": "20000"}
    for function in ("completion", "exports", "keys", "manage"):
        event = sample_event(function)
        event["requestContext"]["authorizer"] |= limits
        invoke_handler(function, event)
    assert chain.cloud.delete(f"/v1/keys/{made['id']}")[0] == 200


def wait_in_line(chain: Chain) -> None:
    """Let two others wait for the provider, and the first of them for its own newer export."""
    chain.cloud.nap = 60
    for persona, month in (("서연", 1), ("두부", 2), ("서연", 3)):
        content = export(persona=persona, other="하준", start=START.replace(month=month))
        chain.cloud.drop(f"exports/{persona}/{month}.csv", content)
        version = chain.cloud.version(persona)["version"]
        until(lambda version=version: version in {item["version"]["S"] for item in partition("line")})


def ask_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    answering = Invocations("kakao_answer")
    with serve(answering) as url:
        at = urlsplit(url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"{at.scheme}://{at.netloc}")
        monkeypatch.setenv("ANSWER_FUNCTION", "kakao_answer")
        stored = boto3.client("secretsmanager").create_secret(Name="kakao", SecretString="bot")
        monkeypatch.setenv("KAKAO_SECRET_ARN", stored["ARN"])
        event = sample_event("kakao")
        body = json.loads(event["body"])
        del body["userRequest"]["callbackUrl"]
        shown = {"x-maltu-kakao-secret": "bot"}
        event |= {"path": "/kakao/하준", "headers": shown, "body": json.dumps(body)}
        assert invoke_handler("kakao", event)["statusCode"] == 200
        assert answering.payloads


def follow_asked(folder: Path, adapter: Adapter, requests: Requests) -> None:
    engine = GatedEngine()
    deployment.forget()
    with (
        pytest.MonkeyPatch.context() as patch,
        open_chain(folder, patch, engine, adapter=adapter, most_jobs=1) as chain,
    ):
        cloud = chain.cloud
        with requests.kept():
            engine.gate.set()
            cloud.long_waits.clear()
            owners_day(chain)
            until(lambda: cloud.version("하준")["status"] == "succeeded")
            ask_bot(patch)
            keys_and_callers(chain)
            assert cloud.post(f"{PERSONA}/rollback")[0] == 200
            cloud.long_waits.set()
            cloud.finish()
            # A deployment that is gone is made anew; a run is cancelled while it trains.
            engine.gate.clear()
            engine.started.clear()
            cloud.drop(
                "exports/하준/late.csv", export(start=START.replace(month=12)), approval="above_budget"
            )
            assert engine.started.wait(10)
            assert cloud.get(PERSONA)[0] == 200
            wait_in_line(chain)
            cloud.post(f"{PERSONA}/runs/{cloud.version('하준')['run']}/cancel")
            until(lambda: cloud.version("서연")["status"] == "training")
            engine.gate.set()
            cloud.finish()
            chain.wire.faults.append(Fault("POST", adapter.jobs, status=400, times=1))
            cloud.drop(
                "exports/하준/fails.csv", export(start=START.replace(year=2025)), approval="above_budget"
            )
            cloud.finish()
            removal = cloud.delete(PERSONA)[1]["id"]
            cloud.finish()
            assert cloud.get(f"/v1/removals/{removal}")[0] == 200


def follow_services(requests: Requests) -> None:
    """What services ask for by themselves, or as a role that they are given."""
    for function, resource in RESOURCES.items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "SQS":
                queue = arn_of(event["Properties"]["Queue"])
                reading = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
                requests.by[function] |= {Request(f"sqs:{action}", queue) for action in reading}
    for rule, resource in RESOURCES.items():
        if resource["Type"] != "AWS::Events::Rule":
            continue
        source = (("aws:SourceArn", (rule,)),)
        for target in resource["Properties"]["Targets"]:
            arn = arn_of(target["Arn"]).rpartition("|")[2]
            if arn.startswith("arn:aws:logs:"):
                # Nobody's role and no queue's policy is asked: log groups have a policy of their own.
                continue
            if "RoleArn" in target:
                role = arn_of(target["RoleArn"]).removesuffix("Role")
                requests.by[role].add(Request("states:StartExecution", arn))
            else:
                requests.by["events.amazonaws.com"].add(Request("sqs:SendMessage", arn, source))
            lost = arn_of(target["DeadLetterConfig"]["Arn"])
            requests.by["events.amazonaws.com"].add(Request("sqs:SendMessage", lost, source))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Request]]:
    requests = Requests()
    for adapter in (OPENAI, BEDROCK):
        follow_asked(tmp_path_factory.mktemp(adapter.name), adapter, requests)
    # A form is a request that a browser makes with the function's permission.
    requests.by["ExportsFunction"].add(Request("s3:PutObject", f"arn:aws:s3:::{BUCKET}/uploads/exp_1/a.csv"))
    follow_services(requests)
    for made in requests.by.values():
        made |= {each for request in made for each in of_the_key(request, ARNS["EncryptionKeyArn"])}
    return requests.by


def test_nothing_is_asked_for_that_a_role_may_not_do(asked: dict[str, set[Request]]) -> None:
    refused = {
        (party, request)
        for party, made in asked.items()
        for request in made
        if not any(party == role and lets_through(statement, request) for role, statement in ALLOWED)
    }
    assert not refused, "\n".join(sorted(map(str, refused)))


def test_nothing_may_be_done_that_nobody_asks_for(asked: dict[str, set[Request]]) -> None:
    spare = {
        f"{role}: {one}"
        for role, statement in ALLOWED
        for one in narrowest(statement)
        if (role, one["Action"]) not in UNSEEN
        and not any(lets_through(one, each) for each in asked.get(role, ()))
    }
    assert not spare, "\n".join(sorted(spare))


def test_the_chain_breaks_without_any_one_statement_or_part_of_one(asked: dict[str, set[Request]]) -> None:
    spare: list[str] = []
    for at, (role, statement) in enumerate(ALLOWED):
        seen = {request for request in asked[role] if lets_through(statement, request)}
        others = [each for other, (name, each) in enumerate(ALLOWED) if name == role and other != at]
        alone = {request for request in seen if not any(lets_through(each, request) for each in others)}
        unseen = [action for action in actions_of(statement) if (role, action) in UNSEEN]
        if len(unseen) < len(actions_of(statement)) and not alone:
            spare.append(f"{role}: {statement}")
        for left_out, rest in with_less(statement):
            if left_out.removeprefix("Action ") in unseen:
                continue
            if all(lets_through(rest, request) for request in alone):
                spare.append(f"{role}: {left_out} of {statement}")
    assert not spare, "\n".join(spare)


def test_what_cannot_be_seen_is_listed_for_what_roles_hold_alone(asked: dict[str, set[Request]]) -> None:
    held = {(role, action) for role, statement in ALLOWED for action in actions_of(statement)}
    assert UNSEEN.keys() <= held
    seen = {(party, request.action) for party, made in asked.items() for request in made}
    assert not UNSEEN.keys() & seen
