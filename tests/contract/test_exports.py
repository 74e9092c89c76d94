"""What callers may rely on who upload an export, look at it and drop it, hostile ones included."""

from __future__ import annotations

import base64
import io
import json
import re
import time
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from infra.local.finetuning import create_app, serve
from maltu import deployment
from maltu.storage import Bucket
from maltu.uploads import MAX_BYTES, safe_file_name
from tests.support.cloud import BUCKET, TABLE, cloud
from tests.support.dialogues import as_csv, export
from tests.support.events import drop_event
from tests.support.handlers import Context, load_handler, sample_event
from tests.support.posting import post_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cloud import Cloud

FILE = "KakaoTalk_Chat_하준_2026-10-18-22-41-07.csv"
MARKER = "비밀번호는-수박"
NOWHERE = "exp_" + "0" * 32


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    app = create_app(tmp_path_factory.mktemp("provider"))
    with pytest.MonkeyPatch.context() as patch, serve(app) as url, cloud(patch, url) as opened:
        yield opened


def ask(method: str, path: str, body: object = None, **key: str) -> tuple[int, Any]:
    """Ask the function, with a key of one's own where ``key`` has what the authorizer tells of it."""
    event = sample_event("exports")
    event["requestContext"]["authorizer"] |= key
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    event |= {"path": path, "httpMethod": method, "body": text}
    answer = load_handler("exports")(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def offered(file_name: str = FILE) -> dict[str, Any]:
    status, body = ask("POST", "/v1/exports", {"file_name": file_name, "bytes": 1})
    assert status == 201, body
    return body


def uploaded(content: bytes | str, file_name: str = FILE) -> str:
    offer = offered(file_name)
    raw = content.encode() if isinstance(content, str) else content
    assert post_form(offer["upload"], raw) in {200, 204}
    return offer["export"]


def dropped(export: str, persona: str, speaker: str | None = None) -> tuple[int, Any]:
    body = {"export": export, "speaker": speaker}
    return ask("POST", f"/v1/personas/{persona}/exports", body)


def code_of(answer: tuple[int, Any]) -> tuple[int, str | None, str | None]:
    status, body = answer
    assert body["error"]["message"]
    return status, body["error"]["code"], body["error"]["param"]


def keys(prefix: str) -> set[str]:
    """Of every version of every object, delete markers included."""
    found = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=prefix)
    return {each.get("Key", "") for each in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]}


def zipped(**texts: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.csv", text)
    return packed.getvalue()


@pytest.mark.usefixtures("up")
def test_a_form_allows_one_file_of_one_name_type_and_size_for_a_quarter_of_an_hour() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    offer = offered()
    assert re.fullmatch("exp_[0-9a-f]{32}", offer["export"])
    assert offer["max_bytes"] == MAX_BYTES
    expires = datetime.fromisoformat(offer["expires_at"])
    assert 900 <= (expires - before).total_seconds() < 960
    fields = offer["upload"]["fields"]
    assert fields["key"] == f"uploads/{offer['export']}/{FILE}"
    assert fields["Content-Type"] == "text/csv"
    policy = json.loads(base64.b64decode(fields["policy"]))
    for allowed in (
        {"bucket": BUCKET},
        {"key": fields["key"]},
        {"Content-Type": "text/csv"},
        ["content-length-range", 1, MAX_BYTES],
    ):
        assert allowed in policy["conditions"]
    assert not [each for each in policy["conditions"] if isinstance(each, list) and "starts-with" in each]
    assert abs(datetime.fromisoformat(policy["expiration"]) - expires).total_seconds() < 60
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


@pytest.mark.usefixtures("up")
def test_the_forms_address_is_where_the_bucket_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
    form = deployment.uploads().bucket.upload_form("uploads/x", content_type="a/b", max_bytes=1, seconds=9)
    assert form["url"] == f"https://{BUCKET}.s3.ap-northeast-2.amazonaws.com/"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (FILE, FILE),
        ("Csv.CSV", "Csv.csv"),
        ("../../exports/하준/a.csv", "a.csv"),
        ("C:\\fakepath\\대화 (1).txt", "대화 (1).txt"),
        ("/etc/passwd.txt", "passwd.txt"),
        ("..csv.json", "csv.json"),
        ("가".encode().decode() + "\u1100\u1161.zip", "가가.zip"),
        ("a\x00b\r\nX: y\u202egnp.csv", "abX: ygnp.csv"),
        ("\ud800a.csv", "a.csv"),
        ("${filename}.csv", "$({filename}.csv".replace("$({", "$(")),
        ("$${{filename}.csv", "$$({filename}.csv"),
        ("긴" * 300 + ".csv", "긴" * 65 + ".csv"),
        ("a\u2028b.csv", "ab.csv"),
        ("my.persona.json", "my.persona.json"),
    ],
)
def test_a_file_name_is_made_safe_and_stays_what_it_was(given: str, kept: str) -> None:
    assert safe_file_name(given) == kept


@pytest.mark.parametrize(
    "name",
    ["a", "a.exe", ".csv", "..csv", "a.csv/", "a.csv.html", "\x00.csv", "persona.json", "PERSONA.JSON",
     "x/persona.json", "\u200bpersona.json", "persona.json ", "", "a.csv\x00.png", "csv"],
)  # fmt: skip
@pytest.mark.usefixtures("up")
def test_what_is_called_no_export_gets_no_form(name: str) -> None:
    answer = ask("POST", "/v1/exports", {"file_name": name, "bytes": 1})
    assert code_of(answer) == (400, None, "file_name")


@pytest.mark.parametrize("size", [0, -1, MAX_BYTES + 1, 10**30, "many", None])
@pytest.mark.usefixtures("up")
def test_an_empty_file_or_one_too_large_gets_no_form(size: object) -> None:
    answer = ask("POST", "/v1/exports", {"file_name": FILE, "bytes": size})
    assert code_of(answer) == (400, None, "bytes")


@pytest.mark.parametrize("body", [None, "{", "[]", {}, {"file_name": "a.csv"}, {"file_name": 1, "bytes": 1}])
@pytest.mark.usefixtures("up")
def test_a_wrong_request_gets_no_form(body: object) -> None:
    assert ask("POST", "/v1/exports", body)[0] == 400


@pytest.mark.usefixtures("up")
def test_a_preview_counts_what_everybody_says_and_shows_no_word_of_it() -> None:
    spoken = export().replace("밥 먹었어?", MARKER)
    status, found = ask("GET", f"/v1/exports/{uploaded(spoken)}")
    assert status == 200
    assert MARKER not in json.dumps(found, ensure_ascii=False)
    speakers = [{"name": "하준", "messages": 33}, {"name": "서연", "messages": 24}]
    assert found == {
        "export": found["export"],
        "file_name": FILE,
        "bytes": len(spoken.encode()),
        "messages": 57,
        "rooms": [
            {
                "name": "하준",
                "format": "kakaotalk-csv",
                "messages": 57,
                "first": "2026-09-01T12:03:00",
                "last": export().splitlines()[-1][:19].replace(" ", "T"),
                "speakers": speakers,
            }
        ],
        "speakers": speakers,
        "skipped": {},
        "warnings": [],
    }


@pytest.mark.usefixtures("up")
def test_a_preview_sums_the_rooms_of_a_zip_up_and_says_what_was_left_out() -> None:
    damaged = as_csv([("2026-09-01 12:00:00", "하준", MARKER)]) + "\x00" * 9
    found = ask(
        "GET",
        f"/v1/exports/{uploaded(zipped(one=export(), two=export(6, other='지우'), no=damaged), 'a.zip')}",
    )[1]
    assert [room["messages"] for room in found["rooms"]] == [57, 29]
    assert found["speakers"][0] == {"name": "하준", "messages": 50}
    assert {each["name"] for each in found["speakers"]} == {"하준", "서연", "지우"}
    (warning,) = found["warnings"]
    assert warning.startswith("no.csv in a.zip was left out")
    assert MARKER not in json.dumps(found, ensure_ascii=False)


@pytest.mark.usefixtures("up")
def test_a_crowd_is_listed_by_those_who_say_most() -> None:
    rows = [("2026-09-01 12:00:00", f"{n}번", "ㅋ") for n in range(300) for _ in range(1 + (n == 299))]
    found = ask("GET", f"/v1/exports/{uploaded(as_csv(rows))}")[1]
    assert found["speakers"][0] == {"name": "299번", "messages": 2}
    assert (len(found["speakers"]), len(found["rooms"][0]["speakers"])) == (200, 50)


def bomb() -> bytes:
    return zipped(a="Date,User,Message\n" + "0" * 20_000_000)


@pytest.mark.parametrize(
    ("content", "file_name", "said"),
    [
        (b"\n", "a.csv", "is empty"),
        (MARKER.encode(), "a.txt", "is no export that is understood"),
        (b"name,age\nkim,3\n", "a.csv", "has the columns"),
        (b"\x89PNG\r\n\x1a\n", "a.csv", "a PNG picture"),
        (bomb(), "a.zip", "which no chat does"),
        (zipped(), "a.zip", "a zip archive without a file in it"),
        (b"PK\x03\x04 and no more", "a.zip", "a damaged zip archive"),
        (b'{"messages": [', "a.json", ""),
    ],
    ids=["empty", "text", "columns", "picture", "bomb", "nothing", "damaged", "cut"],
)
@pytest.mark.usefixtures("up")
def test_what_cannot_be_read_says_why(content: bytes, file_name: str, said: str) -> None:
    answer = ask("GET", f"/v1/exports/{uploaded(content, file_name)}")
    assert code_of(answer) == (400, "unreadable_export", None)
    assert said in answer[1]["error"]["message"]
    assert MARKER not in answer[1]["error"]["message"]


@pytest.mark.parametrize(
    ("content", "file_name"), [(export().encode(), FILE), (zipped(one=export(), two=export(6)), "a.zip")]
)
@pytest.mark.usefixtures("up")
def test_nobody_waits_longer_for_a_preview_than_the_gateway_does_and_the_file_is_dropped_all_the_same(
    content: bytes, file_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of several exports, those that were read in time are not all there are.
    began = time.monotonic()
    late = iter([began, began, began + 99] if file_name.endswith("zip") else [began, began + 99])
    monkeypatch.setattr("maltu.preview.time", SimpleNamespace(monotonic=lambda: next(late, began + 99)))
    identity = uploaded(content, file_name)
    answer = ask("GET", f"/v1/exports/{identity}")
    assert code_of(answer) == (400, "preview_too_large", None)
    assert "name the speaker" in answer[1]["error"]["message"]
    assert dropped(identity, "느림", "하준")[0] == 202


@pytest.mark.usefixtures("up")
def test_a_file_that_is_not_there_yet_is_waited_for() -> None:
    identity = offered()["export"]
    assert code_of(ask("GET", f"/v1/exports/{identity}")) == (409, "not_uploaded", None)
    assert code_of(dropped(identity, "하준")) == (409, "not_uploaded", None)


@pytest.mark.parametrize("identity", [NOWHERE, "exp_", "x", "exp_" + "0" * 2000, "%2e%2e", "하준"])
@pytest.mark.usefixtures("up")
def test_an_unknown_export_is_not_found(identity: str) -> None:
    assert code_of(ask("GET", f"/v1/exports/{identity}")) == (404, "export_not_found", None)
    assert code_of(dropped(identity, "하준")) == (404, "export_not_found", None)


@pytest.mark.usefixtures("up")
def test_an_export_is_nobody_elses() -> None:
    identity = uploaded(export())
    body = {"export": identity}
    answer = ask("GET", f"/v1/exports/{identity}", principalId="key_1")
    assert code_of(answer) == (404, "export_not_found", None)
    answer = ask("POST", "/v1/personas/도둑/exports", body, principalId="key_1")
    assert code_of(answer) == (404, "export_not_found", None)
    assert not keys("exports/도둑")


@pytest.mark.usefixtures("up")
def test_a_key_drops_for_the_personas_that_it_is_for() -> None:
    body = {"export": uploaded(export())}
    answer = ask("POST", "/v1/personas/도둑/exports", body, personas='["하준"]')
    assert code_of(answer) == (404, "model_not_found", None)
    assert not keys("exports/도둑")
    assert ask("POST", "/v1/personas/제것/exports", body, personas='["제것"]')[0] == 202


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/exports"), ("GET", f"/v1/exports/{NOWHERE}"), ("POST", "/v1/personas/하준/exports")],
)
@pytest.mark.usefixtures("up")
def test_a_key_that_only_chats_uploads_nothing(method: str, path: str) -> None:
    body = {"file_name": FILE, "bytes": 1, "export": NOWHERE}
    assert code_of(ask(method, path, body, scopes="chat")) == (403, "insufficient_scope", None)


@pytest.mark.parametrize("name", ["-하준", "하준!", "a b", "ㅎ" * 65, "하준%2F..", "%00", "..", "😀"])
@pytest.mark.usefixtures("up")
def test_a_persona_that_cannot_be_called_so_gets_no_drop(name: str) -> None:
    status, _, param = code_of(dropped(uploaded(export()), name))
    assert (status, param) in {(400, "persona"), (404, None)}
    assert status == 400 or "%2F" in name
    assert not [key for key in keys("exports/") if key.startswith(f"exports/{name}")]


@pytest.mark.parametrize("speaker", ["", "  ", "하" * 300, "\ud800", 5])
@pytest.mark.usefixtures("up")
def test_a_speaker_that_nobody_is_called_gets_no_drop(speaker: object) -> None:
    body = {"export": uploaded(export()), "speaker": speaker}
    assert code_of(ask("POST", "/v1/personas/하준/exports", body)) == (400, None, "speaker")


@pytest.mark.usefixtures("up")
def test_a_drop_is_made_once_however_often_it_is_asked_for() -> None:
    identity = uploaded(export())
    status, drop = dropped(identity, "두번", "하준")
    assert (status, drop["key"]) == (202, f"exports/두번/{identity}/{FILE}")
    assert datetime.fromisoformat(drop["dropped_at"])
    assert keys(f"uploads/{identity}") == set()
    s3 = boto3.client("s3")
    before = s3.head_object(Bucket=BUCKET, Key=drop["key"])
    assert before["Metadata"] == {"approval": "always", "speaker": "%ED%95%98%EC%A4%80"}
    assert before["ContentType"] == "text/csv"
    assert dropped(identity, "두번", "하준") == (202, drop)
    assert s3.head_object(Bucket=BUCKET, Key=drop["key"])["VersionId"] == before["VersionId"]
    assert code_of(dropped(identity, "세번", "하준")) == (409, "export_conflict", None)
    assert code_of(dropped(identity, "두번", "서연")) == (409, "export_conflict", None)
    assert code_of(ask("GET", f"/v1/exports/{identity}")) == (409, "not_uploaded", None)


def test_a_drop_that_broke_off_is_finished_by_the_next(up: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = uploaded(export())

    def die(*_: object, **__: object) -> None:
        raise OSError("as the test wants")

    for step in ("copy", "erase_under"):
        with monkeypatch.context() as broken:
            broken.setattr(Bucket, step, die)
            assert dropped(identity, "중단")[0] == 500
        # What never came into the bucket waits for nothing.
        assert (up.get("/v1/personas/중단")[0] == 404) == (step == "copy")
    status, drop = dropped(identity, "중단")
    assert status == 202
    assert keys(f"uploads/{identity}") == set()
    assert keys("exports/중단/") == {drop["key"]}


def test_an_uploaded_export_waits_for_a_yes_with_its_price_and_report_and_then_becomes_a_persona(
    up: Cloud,
) -> None:
    drop = dropped(uploaded(export()), "하준")[1]
    up.deliver(drop_event(drop["key"], datetime.now(UTC)))
    while (version := up.version("하준"))["status"] == "preparing":
        pass
    assert version["status"] == "awaiting_approval"
    assert version["estimate_usd"] == 0
    assert version["progress"] is None
    status, report = up.get(f"/v1/personas/하준/versions/{version['version']}/report")
    assert (status, report["speaker"], report["cost"]) == (200, "하준", version["report"]["cost"])
    assert report["samples"]
    assert "samples" not in version["report"]
    assert up.get("/v1/models")[1]["data"] == []
    assert up.get("/v1/personas")[1]["data"][-1]["live_version"] is None
    assert up.post(f"/v1/personas/하준/runs/{version['run']}/approve")[0] == 200
    assert [run["status"] for run in up.finish()] == ["SUCCEEDED"]
    assert [model["id"] for model in up.get("/v1/models")[1]["data"]] == ["하준"]
    (told,) = (each for each in up.get("/v1/personas")[1]["data"] if each["persona"] == "하준")
    assert told == {"persona": "하준", "live_version": version["version"], "created_at": told["created_at"]}


@pytest.mark.usefixtures("up")
def test_uploads_of_one_name_stand_side_by_side() -> None:
    made = [dropped(uploaded(content, "chat.csv"), "나란히", "하준")[1]["key"] for content in "가나"]
    assert len(set(made)) == 2
    assert {key.rpartition("/")[2] for key in made} == {"chat.csv"}
    assert {each.key for each in deployment.bucket().exports("나란히")} == set(made)


def test_who_has_just_dropped_sees_that_it_waits(up: Cloud) -> None:
    assert up.get("/v1/personas/새이")[0] == 404
    identity = uploaded("nothing that is read")
    assert dropped(identity, "새이!")[0] == 400
    drop = dropped(identity, "새이")[1]
    story: dict[str, Any] = {"persona": "새이", "status": "waiting", "live_version": None, "versions": []}
    assert up.get("/v1/personas/새이") == (200, story)
    assert "새이" in {each["persona"] for each in up.get("/v1/personas")[1]["data"]}
    said = {"model": "새이", "messages": [{"role": "user", "content": "뭐해?"}]}
    assert code_of(up.post("/v1/chat/completions", said)) == (409, "persona_not_ready", None)
    said["model"] = "새이@20260101t000000000-000000000000"
    assert code_of(up.post("/v1/chat/completions", said)) == (404, "model_not_found", None)
    up.deliver(drop_event(drop["key"], datetime.now(UTC)))
    assert up.get("/v1/personas/새이")[1]["status"] == "failed"


def test_erasing_forgets_who_uploaded_what_for_a_persona(up: Cloud) -> None:
    for persona in ("지울이", "남을이"):
        drop = dropped(uploaded(export(2)), persona)[1]
        up.deliver(drop_event(drop["key"], datetime.now(UTC)))
    assert {"지울이", "남을이"} <= {each["persona"] for each in up.get("/v1/personas")[1]["data"]}
    assert up.delete("/v1/personas/지울이")[0] == 202
    up.finish()
    left = [
        item for item in boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        if item["pk"].get("S") != "removals"
    ]  # fmt: skip
    told = json.dumps(left, ensure_ascii=False)
    assert "남을이" in told
    assert "지울이" not in told


def test_erasing_deletes_an_upload_whose_drop_broke_off(up: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, another = uploaded(export()), uploaded(export())

    def die(*_: object, **__: object) -> None:
        raise OSError("as the test wants")

    with monkeypatch.context() as broken:
        broken.setattr(Bucket, "copy", die)
        assert dropped(mine, "덜지움")[0] == 500
    assert keys(f"uploads/{mine}")
    removal = up.delete("/v1/personas/덜지움")[1]["id"]
    up.finish()
    assert up.get(f"/v1/removals/{removal}")[1]["removed"]["objects"] == 1
    assert keys(f"uploads/{mine}") == set()
    assert keys(f"uploads/{another}"), "nobody's yet"


@pytest.mark.parametrize("version", ["nothing", "x" * 2000, "..", "20261018t134107000-3f9a1c2b4d5e"])
def test_a_report_that_is_not_there_is_not_found(up: Cloud, version: str) -> None:
    answer = up.get(f"/v1/personas/누구/versions/{version}/report")
    assert code_of(answer) == (404, "report_not_found", None)


def test_a_version_without_a_dataset_has_no_report(up: Cloud) -> None:
    up.drop("exports/빈것/a.csv", b"nothing")
    version = up.version("빈것")["version"]
    answer = up.get(f"/v1/personas/빈것/versions/{version}/report")
    assert code_of(answer) == (404, "report_not_found", None)
    assert "빈것" in {each["persona"] for each in up.get("/v1/personas")[1]["data"]}, "refused, but known"
