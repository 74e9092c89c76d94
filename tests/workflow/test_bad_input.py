"""Whatever people drop: a reason they can act on, in the registry and to the owner, and no paid call."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import boto3
import pytest

from tests.support.cloud import BUCKET
from tests.support.dialogues import as_csv, export
from tests.support.handlers import Context

if TYPE_CHECKING:
    from tests.support.chain import Chain

HEADER = "Date,User,Message\n"
KEY = "exports/하준/chat.csv"


@pytest.mark.parametrize("over", ["while reading", "while building"])
def test_an_export_that_takes_too_long_says_so_while_there_is_time(
    over: str, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def almost_over(_: Context) -> int:
        # What was read is a version's; then its dataset is built.
        status, _ = chain.cloud.get("/v1/personas/하준")
        return 119_000 if over == "while reading" or status == 200 else 900_000

    monkeypatch.setattr(Context, "get_remaining_time_in_millis", almost_over)
    chain.cloud.drop(KEY, export())
    assert chain.cloud.finish() == []
    failure = chain.cloud.version("하준")["failure"]
    assert failure["error"] == "LimitExceeded"
    assert "0 MB of exports take longer than the 15 minutes" in failure["reason"]
    (notification,) = chain.cloud.notifications()
    assert failure["reason"] in notification


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"", "UnreadableExport", "empty"),
        (HEADER, "UnreadableExport", "no messages"),
        ("name,age,city\nkim,3,seoul\n", "UnreadableExport", "Date,User,Message"),
        ((HEADER + '2026-01-01 10:00:00,"a","안녕"\n').encode() + b"\xff", "UnreadableExport", "UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "UnreadableExport", ""),
        (b"PK\x03\x04" + bytes(2000), "UnreadableExport", ""),
        (as_csv([("2026-01-01 10:00:00", "하준", "혼잣말")] * 30), "UnknownSpeaker", "하준"),
        (export(persona="가람 [분석]"), "UnknownSpeaker", "가람 [분석]"),
        (export(3), "TooFewExamples", "10"),
        (HEADER + '2026-01-01 10:00:00,"a","never closed\n' + "x\n" * 100, "UnreadableExport", "line 2"),
    ],
    ids=[
        "empty",
        "header only",
        "other columns",
        "not UTF-8",
        "binary",
        "zip",
        "one speaker",
        "unknown speaker",
        "too few examples",
        "unclosed quote",
    ],
)
def test_an_export_that_cannot_be_used_says_why(
    chain: Chain, content: bytes | str, error: str, said: str
) -> None:
    event = chain.cloud.drop(KEY, content)
    assert chain.cloud.finish() == []
    version = chain.cloud.version("하준")
    assert (version["status"], version["failure"]["error"]) == ("failed", error)
    assert said in version["failure"]["reason"]
    (notification,) = chain.cloud.notifications()
    assert KEY in notification
    assert version["failure"]["reason"] in notification
    assert chain.wire.served == []
    kept = boto3.client("s3").get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    assert kept == (content.encode() if isinstance(content, str) else content)
    chain.cloud.deliver(event)
    assert len(chain.cloud.get("/v1/personas/하준")[1]["versions"]) == 1, "a repeated event tells nothing new"
    assert chain.cloud.notifications() == []


def test_a_field_of_50_mb_is_refused_by_its_line_without_reading_it(chain: Chain) -> None:
    chain.cloud.drop(KEY, HEADER + '2026-01-01 10:00:00,"a","' + "가" * 17_000_000 + '"\n')
    failure = chain.cloud.version("하준")["failure"]
    assert failure["error"] == "UnreadableExport"
    assert "line 2" in failure["reason"]


def test_the_reason_for_an_unknown_speaker_lists_who_there_is(chain: Chain) -> None:
    chain.cloud.drop(KEY, export(persona="Json", other="Csv"))
    reason = chain.cloud.version("하준")["failure"]["reason"]
    assert "Json (" in reason
    assert "Csv (" in reason
    assert "persona.json" in reason


@pytest.mark.parametrize(
    "key",
    [
        "exports/하준/KakaoTalk Chat (1).csv",
        "exports/하준/a+b & 100%.csv",
        "exports/하준/%EA%B0%80.csv",
        "exports/하준/🙂 대화.csv",
        "exports/하준/KakaoTalk_Chat_하준_2026.csv",
    ],
)
def test_any_file_name_will_do(chain: Chain, key: str) -> None:
    chain.cloud.drop(key, export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    assert chain.cloud.version("하준")["export"]["key"] == key


@pytest.mark.parametrize("prefix", ["내 친구", "a+b", "100%", "🙂", "x" * 65, "a_b"])
def test_a_prefix_that_names_no_persona_is_told_under_that_prefix(chain: Chain, prefix: str) -> None:
    chain.cloud.drop(f"exports/{prefix}/chat.csv", export())
    assert chain.cloud.finish() == []
    failure = chain.cloud.version(quote(prefix))["failure"]
    assert failure["error"] == "InvalidKey"
    assert "letters" in failure["reason"]
    assert len(chain.cloud.notifications()) == 1


def test_a_file_without_a_persona_is_told_to_the_owner(chain: Chain) -> None:
    chain.cloud.drop("exports/chat.csv", export())
    assert chain.cloud.finish() == []
    (notification,) = chain.cloud.notifications()
    assert "exports/<persona>/<file>" in notification


def test_settings_that_are_wrong_are_told(chain: Chain) -> None:
    boto3.client("s3").put_object(Bucket=BUCKET, Key="exports/하준/persona.json", Body=b'{"recipe": "both"}')
    chain.cloud.drop(KEY, export())
    failure = chain.cloud.version("하준")["failure"]
    assert failure["error"] == "InvalidSettings"
    assert "recipe is 'both'; it must be one of conversation, pair" in failure["reason"]


def test_settings_and_folders_are_no_exports(chain: Chain) -> None:
    chain.cloud.drop("exports/하준/", b"")
    chain.cloud.drop("exports/하준/persona.json", b'{"speaker": "Json"}')
    assert chain.cloud.finish() == []
    assert chain.cloud.notifications() == []
    assert chain.cloud.get("/v1/personas/하준")[0] == 404


def test_the_settings_beside_an_export_choose_its_speaker(chain: Chain) -> None:
    chain.cloud.drop("exports/친구/persona.json", '{"speaker": "서연"}')
    chain.cloud.drop("exports/친구/chat.csv", export())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    assert chain.cloud.version("친구")["report"]["speaker"] == "서연"


def test_a_crash_in_preprocessing_is_seen_and_taken_up_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("maltu.version_dataset.build_dataset", crash)
        with pytest.raises(RuntimeError):
            chain.cloud.drop(KEY, export())
    assert chain.cloud.version("하준")["failure"]["error"] == "InternalError"
    chain.cloud.drop(KEY, export())
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
