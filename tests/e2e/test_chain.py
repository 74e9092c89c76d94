"""The deployed template on one machine: a file is dropped into the bucket, the API is asked."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2
import openai
import pytest

from infra.local.endpoint import Endpoint
from maltu import kakao
from tests.support.clients import CLIENTS, Desk, block
from tests.support.deployed import ANSWERED, ASKED, FILE, PERSONA, REPLIES, SPEAKER, dialogue, eventually
from tests.support.handlers import ROOT
from tests.support.heard import everything_told
from tests.support.pages import DOCS, ENGLISH, PAGES

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.clients import Client
    from tests.support.deployed import Chain

API, GUIDE = DOCS / "api.md", DOCS / "deploy.md"

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def version(chain: Chain) -> dict[str, Any]:
    # Twice at once, as a client that repeats an upload does.
    for _ in range(2):
        chain.drop(PERSONA, dialogue(40), speaker=SPEAKER)
    return chain.follow(PERSONA)


@pytest.fixture(scope="module")
def client(chain: Chain, version: dict[str, Any]) -> Generator[openai.OpenAI]:
    assert version["status"] == "succeeded", version["failure"]
    with openai.OpenAI(
        base_url=f"{chain.stack.endpoint}/v1", api_key=chain.stack.api_key, max_retries=0
    ) as client:
        yield client


def test_a_dropped_export_becomes_a_live_version(chain: Chain, version: dict[str, Any]) -> None:
    states = [entry["state"] for entry in version["timeline"]]

    assert states == ["preparing", "uploading", "training", "deploying", "succeeded"]
    assert version["failure"] is None
    assert version["export"]["key"] == f"exports/{PERSONA}/{FILE}"
    assert version["report"]["speaker"] == SPEAKER
    assert version["report"]["messages"] == dialogue(40).count("\n") - 1
    assert chain.api.persona(PERSONA).body["live_version"] == version["version"]


def test_the_persona_answers_chats_in_its_own_words(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=PERSONA, messages=[{"role": "user", "content": "저녁은 드셨어요?"}], temperature=0
    )

    assert answer.model == PERSONA
    assert answer.choices[0].message.content == "\n".join(ANSWERED[1])
    assert answer.choices[0].finish_reason == "stop"


def test_the_persona_answers_completions(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=PERSONA, prompt="이 영화 보셨어요?", max_tokens=60)

    assert answer.choices[0].text.strip() in REPLIES


def test_the_persona_streams_what_it_answers(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "저녁은 드셨어요?"}]
    with client.chat.completions.with_streaming_response.create(
        model=PERSONA, messages=messages, temperature=0, stream=True
    ) as raw:
        assert raw.headers["content-type"].startswith("text/event-stream")
        told = [chunk.choices[0] for chunk in raw.parse()]

    assert told[0].delta.role == "assistant"
    assert [choice.delta.content for choice in told[1:-1]] == ["라면 먹었지롱\n", "두 개 먹음ㅋㅋ"]
    assert told[-1].finish_reason == "stop"

    texts = client.completions.create(model=PERSONA, prompt="저녁은 드셨어요?", temperature=0, stream=True)
    assert "".join(chunk.choices[0].text for chunk in texts) == "\n".join(ANSWERED[1])

    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="아무개", messages=messages, stream=True)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("public", CLIENTS)
def test_a_public_client_set_up_as_its_page_says_is_answered_and_told_what_is_wrong(
    chain: Chain, tmp_path: Path, public: Client
) -> None:
    desk = Desk(tmp_path, f"{chain.stack.endpoint}/v1", chain.stack.api_key, PERSONA)

    told = desk.run(public)
    unknown = replace(desk, persona="아무개").run(public)
    refused = replace(desk, api_key="wrong").run(public)

    assert told.returncode == 0, told.stderr
    # Once whole and once streamed.
    assert told.stdout.strip() in {f"{whole}\n{streamed}" for whole in REPLIES for streamed in REPLIES}
    assert unknown.returncode
    assert "아무개" in unknown.stderr
    assert "404" in unknown.stderr
    assert refused.returncode
    assert "401" in refused.stderr


@pytest.mark.usefixtures("client")
def test_what_the_pages_tell_people_to_type_is_answered(chain: Chain, tmp_path: Path) -> None:
    desk = Desk(tmp_path, f"{chain.stack.endpoint}/v1", chain.stack.api_key, PERSONA)
    upload = block(API, "bash", "form-string")
    name = re.findall(r"FILE=(.+)", upload)[0].replace("하준", PERSONA)
    (tmp_path / name).write_text(dialogue(20), encoding="utf-8")
    # What is dropped here would be one more run to wait for.
    upload = "\n".join(line for line in upload.splitlines() if '"$AT/exports"' not in line)
    make, look, revoke = block(API, "bash", "/keys").splitlines()
    key_id = """python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'"""

    told = desk.type_in(
        block(ENGLISH, "bash", "/chat/completions"),
        block(GUIDE, "bash", "AT="),
        block(GUIDE, "bash", "RUN=").splitlines()[0],
        block(API, "bash", "/report"),
        upload,
        f"KEY=$({make} | {key_id})",
        look,
        revoke,
        'echo "$RUN $VERSION $EXPORT $KEY"',
    )
    held_out = [{"role": "user", "content": ASKED[1]}, {"role": "assistant", "content": "라면"}]
    (tmp_path / "build" / "dataset").mkdir(parents=True)
    dataset = tmp_path / "build" / "dataset" / "validation.jsonl"
    dataset.write_text(json.dumps({"messages": held_out}), encoding="utf-8")
    asked = desk.run_program(
        *(body for kind, body in PAGES[ENGLISH].blocks if kind == "python"),
        block(DOCS / "style.md", "python", "replies.jsonl"),
    )

    assert told.returncode == 0, told.stderr + told.stdout
    # The same words, whole and streamed.
    assert asked.stdout.strip() in {f"{whole}\n{streamed}" for whole in REPLIES for streamed in REPLIES}, (
        asked
    )
    answers = [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]
    chat, story, report, *_ = answers
    assert chat["choices"][0]["message"]["content"] in REPLIES
    assert json.loads((tmp_path / "replies.jsonl").read_text("utf-8"))["prompt"] == ASKED[1]
    *_, last = told.stdout.strip().splitlines()
    assert len(last.split()) == 4
    assert last.startswith(story["versions"][0]["run"])
    assert report["samples"]


def test_the_persona_is_listed_as_a_model(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [PERSONA]


def test_the_key_is_taken_from_either_header(chain: Chain, version: dict[str, Any]) -> None:
    keyed = Endpoint(chain.stack.endpoint, (("x-api-key", chain.stack.api_key),))

    assert keyed.persona(PERSONA).body["live_version"] == version["version"]


@pytest.mark.parametrize(
    "headers",
    [(), (("Authorization", "Bearer wrong"),), (("x-api-key", "wrong"),), (("Authorization", "Basic eDp5"),)],
    ids=["none", "bearer", "x-api-key", "basic"],
)
@pytest.mark.parametrize("path", [f"/v1/personas/{quote(PERSONA)}", "/v1/models"])
def test_nothing_is_told_without_the_key(
    chain: Chain, path: str, headers: tuple[tuple[str, str], ...]
) -> None:
    answer = Endpoint(chain.stack.endpoint, headers).call("GET", path)

    assert answer.status == 401
    assert PERSONA not in str(answer.body)


@pytest.mark.usefixtures("client")
def test_a_key_for_chats_chats_until_it_is_revoked(chain: Chain) -> None:
    made = chain.api.call("POST", "/v1/keys", {"name": "폰", "personas": [PERSONA], "requests_per_minute": 3})
    assert made.status == 201, made.body
    phone = Endpoint.with_key(chain.stack.endpoint, made.body["key"])
    path = f"/v1/keys/{made.body['id']}"

    assert phone.chat(PERSONA, "저녁은 드셨어요?").ok
    refused = phone.call("DELETE", path)
    assert (refused.status, refused.body["error"]["code"]) == (403, "insufficient_scope")
    assert phone.chat("아무개", "뭐해?").status == 404
    # A new minute may have begun meanwhile, but not two.
    assert 429 in {phone.call("GET", "/v1/models").status for _ in range(5)}
    (listed,) = (
        key for key in chain.api.call("GET", "/v1/keys").body["data"] if key["id"] == made.body["id"]
    )
    assert listed["used_this_month"] >= 3

    assert chain.api.call("DELETE", path).ok
    assert phone.call("GET", "/v1/models").status == 401


def skill(chain: Chain, secret: str) -> list[str]:
    """Ask as Kakao does where a block has no callback; give the bubbles."""
    event = json.loads((ROOT / "events" / "kakao.json").read_text("utf-8"))
    body = json.loads(event["body"])
    del body["userRequest"]["callbackUrl"]
    body["userRequest"]["utterance"] = ASKED[1]
    request = urllib.request.Request(  # noqa: S310 - the stack's own loopback
        f"{chain.stack.endpoint}/kakao/{quote(PERSONA)}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "x-maltu-kakao-secret": secret},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - same
        assert answer.status == 200
        response = json.load(answer)
    return [output["simpleText"]["text"] for output in response["template"]["outputs"]]


@pytest.mark.usefixtures("client")
def test_a_kakaotalk_bot_is_answered_in_bubbles_and_nobody_without_its_secret(chain: Chain) -> None:
    secrets = chain.stack.aws.session.client("secretsmanager", endpoint_url=chain.stack.aws.url)
    secret = secrets.get_secret_value(SecretId=chain.stack.outputs["KakaoSecretArn"])["SecretString"]
    assert skill(chain, "wrong") == [kakao.REFUSED]

    # The answering function may start slower than Kakao waits, but only once.
    bubbles = skill(chain, secret)
    if bubbles == [kakao.LATE]:
        time.sleep(5)
        bubbles = skill(chain, secret)

    assert bubbles == list(ANSWERED[1])


def test_an_unknown_persona_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="아무개", messages=[{"role": "user", "content": "뭐해?"}])

    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("persona", "content", "error"),
    [
        ("빈-파일", "", "UnreadableExport"),
        ("다른-파일", "name,age\nkim,3\n", "UnreadableExport"),
        ("모르는-사람", dialogue(20), "UnknownSpeaker"),
        ("너무-짧음", dialogue(3).replace(SPEAKER, "너무-짧음"), "TooFewExamples"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(chain: Chain, persona: str, content: str, error: str) -> None:
    chain.drop(persona, content)

    ended = chain.follow(persona)

    assert ended["status"] == "failed"
    assert ended["failure"]["error"] == error
    assert ended["failure"]["reason"]
    assert chain.api.chat(persona, "뭐해?").status == 409


def test_the_reason_lists_the_speakers(chain: Chain) -> None:
    chain.drop("누구", dialogue(20))

    reason = chain.follow("누구")["failure"]["reason"]

    assert SPEAKER in reason
    assert "진우" in reason


def test_the_same_file_twice_is_one_job(chain: Chain, version: dict[str, Any]) -> None:
    chain.drop(PERSONA, dialogue(40), speaker=SPEAKER)
    chain.wait_for_preprocessing()

    assert [entry["version"] for entry in chain.api.persona(PERSONA).body["versions"]] == [version["version"]]
    assert len(chain.jobs()) == 1


def test_a_version_is_rolled_back_and_a_persona_erased(chain: Chain) -> None:
    persona, path = "지워질-사람", f"/v1/personas/{quote('지워질-사람')}"
    versions: list[str] = []
    for days in (20, 25):
        chain.drop(persona, dialogue(days), name=f"{days}.csv", speaker=SPEAKER)
        chain.wait_for_preprocessing()
        versions.append(chain.follow(persona)["version"])
    eventually(lambda: chain.api.persona(persona).body["live_version"] == versions[1])

    assert chain.api.call("POST", f"{path}/rollback").body["live_version"] == versions[0]
    assert chain.api.chat(persona, "저녁은 드셨어요?").ok
    assert chain.api.call("POST", f"{path}/runs/{versions[1]}-1/cancel").status == 409

    started = chain.api.call("DELETE", path)
    assert started.status == 202, started.body
    receipt: dict[str, Any] = {}

    def finished() -> bool:
        receipt.update(chain.api.call("GET", f"/v1/removals/{started.body['id']}").body)
        return receipt["status"] == "finished"

    eventually(finished)
    assert receipt["refused"] == []
    assert receipt["removed"] == {"registry": 6, "objects": 14, "models": 2}
    assert chain.api.persona(persona).status == 404
    assert chain.api.chat(persona, "뭐해?").status == 404
    left = chain.stack.aws.session.client("s3", endpoint_url=chain.stack.aws.url).list_object_versions(
        Bucket=chain.stack.bucket, Prefix=f"exports/{persona}/"
    )
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


def test_an_upload_is_looked_at_dropped_approved_and_becomes_a_persona(chain: Chain) -> None:
    persona, content = "올린-사람", dialogue(20).encode()
    offer = chain.api.call("POST", "/v1/exports", {"file_name": FILE, "bytes": len(content)})
    assert offer.status == 201, offer.body
    export, upload = offer.body["export"], offer.body["upload"]
    assert chain.api.call("GET", f"/v1/exports/{export}").status == 409

    page = {"Origin": "https://example.com"}
    empty, posted = (
        httpx2.post(upload["url"], data=upload["fields"], files={"file": (FILE, file)}, headers=page)
        for file in (b"", content)
    )
    assert empty.status_code == 400
    assert posted.status_code == 204, posted.text
    assert posted.headers["access-control-allow-origin"] == "*"

    found = chain.api.call("GET", f"/v1/exports/{export}").body
    assert (found["file_name"], found["bytes"]) == (FILE, len(content))
    assert [each["name"] for each in found["speakers"]] == [SPEAKER, "진우"]
    drop = chain.drop_over_the_endpoint(persona, export, SPEAKER)
    assert drop["key"] == f"exports/{persona}/{export}/{FILE}"
    version = chain.follow(persona)
    assert (version["status"], version["estimate_usd"]) == ("awaiting_approval", 0)
    path = f"/v1/personas/{quote(persona)}"
    report = chain.api.call("GET", f"{path}/versions/{version['version']}/report")
    assert report.body["samples"], report.body
    waiting = {"persona": persona, "live_version": None}
    assert waiting.items() <= listed(chain, persona).items()

    assert chain.api.call("POST", f"{path}/runs/{version['run']}/approve").ok
    eventually(lambda: chain.api.persona(persona).body["live_version"] == version["version"])
    assert chain.api.persona(persona).body["versions"][0]["status"] == "succeeded"
    assert listed(chain, persona)["live_version"] == version["version"]
    assert chain.api.chat(persona, "저녁은 드셨어요?").ok


def listed(chain: Chain, persona: str) -> dict[str, Any]:
    (found,) = (
        each for each in chain.api.call("GET", "/v1/personas").body["data"] if each["persona"] == persona
    )
    return found


def test_a_run_is_cancelled(chain: Chain) -> None:
    persona, path = "그만둘-사람", f"/v1/personas/{quote('그만둘-사람')}"
    chain.drop(persona, dialogue(600), speaker=SPEAKER)
    eventually(lambda: chain.api.persona(persona).ok)
    version = chain.api.persona(persona).body["versions"][0]["version"]

    assert chain.api.call("POST", f"{path}/runs/{version}/cancel").status == 202

    eventually(lambda: chain.api.persona(persona).body["status"] == "cancelled")
    assert chain.api.persona(persona).body["versions"][0]["cancelled"]["by"]
    assert chain.stack.provider.api.call("GET", "/v1/files?purpose=fine-tune").body["data"] == []


def test_what_was_said_is_in_no_log_and_nothing_that_is_told(chain: Chain) -> None:
    # All that the tests above dropped and asked; an export that cannot be read says something of its own.
    secret = "새벽 세시의 수박"
    chain.drop("못-읽는-말", secret)
    assert chain.follow("못-읽는-말")["failure"]["error"] == "UnreadableExport"
    said = {secret, *ASKED, *(bubble for bubbles in ANSWERED for bubble in bubbles)}
    told = everything_told(chain)
    assert {"functions", "executions", "registry", "owner", "bus", "ministack.log"} <= told.keys()
    found = {place: bubble for place, text in told.items() for bubble in said if bubble in text}
    assert found == {}


def test_every_line_of_ours_says_whose_it_is(chain: Chain) -> None:
    # Of all that the tests above made happen.
    logged = [line.partition(" ") for line in chain.stack.aws.function_logs() if '"service"' in line]
    lines = [(group, json.loads(line)) for group, _, line in logged]
    drops, tasks, asked = (
        [line for of, line in lines if of == group]
        for group in ("PreprocessLogs", "TaskLogs", "EndpointLogs")
    )
    assert len(drops) + len(tasks) + len(asked) == len(lines)
    assert all(line["persona"] for line in [*drops, *tasks])
    # An erasure is of all of a persona's runs.
    assert all(line["run"] and line["version"] for line in tasks if "removal" not in line)
    assert all(line.get("request") or line.get("persona") for line in asked)
    chats = [line for line in asked if line["message"] == "answered" and "key" in line]
    assert {(line["persona"], bool(line["request"])) for line in chats} >= {(PERSONA, True)}
    # What is metered here is what the provider metered.
    done = [line for line in tasks if line["message"] == "job done" and line["persona"] == PERSONA]
    (version,) = chain.api.persona(PERSONA).body["versions"]
    assert [line["trained_tokens"] for line in done] == [version["trained_tokens"]]
