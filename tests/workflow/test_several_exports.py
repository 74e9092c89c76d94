"""A version is trained on every export that stands under its persona's prefix."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3

from tests.support.cloud import BUCKET
from tests.support.dialogues import START, as_csv, export
from tests.support.events import drop_event

if TYPE_CHECKING:
    from tests.support.chain import Chain

LATER = START + timedelta(days=60)
SECOND_ROOM = as_csv(
    [
        (str(LATER + timedelta(days=day, minutes=minute)), name, f"{text} {day}")
        for day in range(3)
        for minute, (name, text) in enumerate(
            [("민재", "모여"), ("지우", "어디서"), ("하준", "나 늦음"), ("민재", "또?"), ("하준", "미안")]
        )
    ]
)


def dataset(version: dict[str, Any]) -> str:
    key = f"datasets/하준/{version['version']}/train.jsonl"
    return boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_a_second_export_makes_a_version_of_both(chain: Chain) -> None:
    chain.cloud.drop("exports/하준/1.csv", export(12))
    chain.cloud.drop("exports/하준/2.csv", export(12, start=LATER))
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED", "SUCCEEDED"]
    both = chain.cloud.version("하준")
    assert both["exports"] == ["exports/하준/1.csv", "exports/하준/2.csv"]
    assert both["report"]["conversations"] == 24
    assert chain.cloud.get("/v1/personas/하준")[1]["live_version"] == both["version"]


def test_a_longer_export_of_the_same_room_counts_every_message_once(chain: Chain) -> None:
    chain.cloud.drop("exports/하준/old.csv", export(12))
    chain.cloud.drop("exports/하준/new.csv", export(14))
    chain.cloud.finish()
    version = chain.cloud.version("하준")
    assert version["report"]["conversations"] == 14
    assert version["report"]["turns"]["trained"] == 28


def test_rooms_stay_apart_and_a_group_names_its_speakers(chain: Chain) -> None:
    chain.cloud.drop("exports/하준/two.csv", export(12))
    chain.cloud.drop("exports/하준/group.csv", SECOND_ROOM)
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED", "SUCCEEDED"]
    examples = [json.loads(line)["messages"] for line in dataset(chain.cloud.version("하준")).splitlines()]
    for example in examples:
        text = json.dumps(example, ensure_ascii=False)
        assert not ("민재: " in text and "밥 먹었어?" in text)
    assert any("민재: 모여 0\n지우: 어디서 0" in message["content"] for e in examples for message in e)


def test_a_zip_of_several_rooms_is_trained_on_all_of_them(chain: Chain) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("two.csv", export(12))
        packed.writestr("group.csv", SECOND_ROOM)
        packed.writestr("empty.csv", "Date,User,Message\n")
    chain.cloud.drop("exports/하준/rooms.zip", held.getvalue())
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    version = chain.cloud.version("하준")
    assert version["exports"] == ["exports/하준/rooms.zip"]
    assert "민재: 모여 0\\n지우: 어디서 0" in dataset(version)
    assert "밥 먹었어?" in dataset(version)
    warnings = version["report"]["warnings"]
    assert any(text.startswith("empty.csv in rooms.zip was left out: ") for text in warnings)


def test_an_export_that_was_no_good_does_not_block_the_next(chain: Chain) -> None:
    chain.cloud.drop("exports/하준/broken.csv", b"\x00\x01\x02")
    assert chain.cloud.version("하준")["status"] == "failed"
    chain.cloud.drop("exports/하준/good.csv", export())
    assert [run["status"] for run in chain.cloud.finish()] == ["SUCCEEDED"]
    version = chain.cloud.version("하준")
    assert version["exports"] == ["exports/하준/good.csv"]
    assert any(text.startswith("broken.csv was left out: ") for text in version["report"]["warnings"])


def test_an_export_that_was_taken_away_makes_nothing(chain: Chain) -> None:
    assert chain.cloud.deliver(drop_event("exports/하준/gone.csv", datetime.now(UTC))) is None
    assert chain.cloud.finish() == []
    assert chain.cloud.notifications() == []


def test_personal_data_leaves_the_account_masked(chain: Chain) -> None:
    chain.cloud.drop("exports/하준/chat.csv", export().replace("누워있음 ㅋㅋ", "내 번호 010-1234-5678 이야"))
    (run,) = chain.cloud.finish()
    assert run["status"] == "SUCCEEDED"
    version = chain.cloud.version("하준")
    assert "010-1234-5678" not in dataset(version)
    assert "내 번호 ‹전화번호1› 이야" in dataset(version)
    assert version["report"]["masked"]["phone"] > 0
