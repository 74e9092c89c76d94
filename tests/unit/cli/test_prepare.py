from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from maltu.cli import main
from maltu.dataset import ranks
from tests.unit.dataset.chats import SPEAKER, chat, dialogues

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maltu.exports import Message

ROOT = Path(__file__).parents[3]


def write(path: Path, messages: Iterable[Message]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([f"{m.sent_at:%Y-%m-%d %H:%M:%S}", m.sender, m.text] for m in messages)
    path.write_text(text.getvalue(), "utf-8")
    return str(path)


@pytest.fixture
def export(tmp_path: Path) -> str:
    return write(tmp_path / "talk.csv", dialogues(60))


def prepare(tmp_path: Path, *arguments: str) -> int:
    return main(["prepare", *arguments, "--out", str(tmp_path / "out")])


def report(tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))


def test_it_writes_the_dataset_and_says_what_it_costs(
    tmp_path: Path, export: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert prepare(tmp_path, export, "--speaker", SPEAKER) == 0

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "report.json",
        "train.jsonl",
        "validation.jsonl",
    ]
    out, err = capfd.readouterr()
    assert err == ""
    said = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert said["Persona"] == SPEAKER
    assert said["Messages"] == "120 read; in turns: 60 Json, 60 Csv"
    assert said["Months"].startswith("2022-12 to 2023-02")
    assert said["Conversations"].startswith("60, cut where nobody wrote for 240 minutes")
    assert said["Examples"] == "54 to train and 6 to validate (chat, conversation)"
    numbers = report(tmp_path)
    assert said["Tokens"].startswith(f"{numbers['tokens']['train']:,}")
    usd = numbers["tokens"]["train"] * 3 * 5 / 1_000_000
    assert said["Cost"].startswith(f"${usd:.4f} for 3 epochs of gpt-4.1-mini")
    assert len(numbers["samples"]) == 3


def test_several_exports_of_one_room_are_one_dataset(tmp_path: Path, export: str) -> None:
    newer = write(tmp_path / "newer.csv", dialogues(40, start=30))

    assert prepare(tmp_path, export, newer, "--speaker", SPEAKER) == 0

    numbers = report(tmp_path)
    assert numbers["conversations"] == 70
    assert numbers["skipped"] == {"in another export too": 60}


def rooms_in_a_zip(tmp_path: Path) -> str:
    path = tmp_path / "rooms.zip"
    others = [m._replace(sender="Toml") if m.sender != SPEAKER else m for m in dialogues(20, start=100)]
    with zipfile.ZipFile(path, "w") as packed:
        for name, said in {
            "KakaoTalk_Chat_Csv_2022-12-18-10-00-00.csv": dialogues(30),
            "b.csv": others,
        }.items():
            packed.write(write(tmp_path / name, said), name)
        packed.writestr("c.csv", "Date,User,Message\n")
    return str(path)


def test_a_zips_rooms_are_as_several_exports(tmp_path: Path) -> None:
    assert prepare(tmp_path, rooms_in_a_zip(tmp_path), "--speaker", SPEAKER) == 0

    numbers = report(tmp_path)
    assert numbers["conversations"] == 50
    assert numbers["warnings"][0].startswith("c.csv in rooms.zip was left out: The export has no messages")


def test_one_room_of_several_does_not_say_who_the_persona_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert prepare(tmp_path, rooms_in_a_zip(tmp_path)) == 1

    assert "Csv (50 messages), Json (30 messages), Toml (20 messages)" in capfd.readouterr().err


def test_the_command_line_wins_over_the_settings_file(tmp_path: Path, export: str) -> None:
    stored = tmp_path / "persona.json"
    stored.write_text(json.dumps({"speaker": "Json", "recipe": "pair", "format": "completions"}), "utf-8")

    assert prepare(tmp_path, export, "--settings", str(stored), "--format", "chat", "--speaker", SPEAKER) == 0

    line = json.loads((tmp_path / "out" / "train.jsonl").read_text("utf-8").split("\n")[0])
    assert [message["role"] for message in line["messages"]] == ["system", "user", "assistant"]
    assert report(tmp_path)["speaker"] == SPEAKER


def test_an_alias_is_a_name_of_the_speaker(tmp_path: Path) -> None:
    mine = write(
        tmp_path / "a.csv", [m._replace(sender="회원님") if m.sender == SPEAKER else m for m in dialogues(20)]
    )
    stored = tmp_path / "persona.json"
    stored.write_text(json.dumps({"aliases": {"회원님": SPEAKER}}), "utf-8")

    assert prepare(tmp_path, mine, "--settings", str(stored), "--speaker", SPEAKER) == 0
    assert prepare(tmp_path, mine, "--settings", str(stored), "--speaker", "회원님") == 0

    assert report(tmp_path)["speaker"] == SPEAKER


def test_a_format_that_the_base_model_does_not_read_is_told(
    tmp_path: Path, export: str, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = (export, "--speaker", SPEAKER, "--format", "bedrock")

    assert prepare(tmp_path, *arguments, "--base-model", "gpt-4.1-mini-2025-04-14") == 1
    assert "reads the format chat, and this dataset is bedrock" in capfd.readouterr().err
    assert report(tmp_path)["errors"]

    assert prepare(tmp_path, *arguments) == 0


def test_who_could_be_meant_is_listed(tmp_path: Path, export: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert prepare(tmp_path, export) == 1

    err = capfd.readouterr().err
    assert "Json (60 messages), Csv (60 messages)" in err
    assert "--speaker NAME" in err
    assert not (tmp_path / "out").exists()


def test_a_failure_leaves_what_was_there(tmp_path: Path, export: str) -> None:
    assert prepare(tmp_path, export, "--speaker", SPEAKER) == 0
    before = (tmp_path / "out" / "train.jsonl").read_bytes()
    few = write(tmp_path / "few.csv", dialogues(3))

    assert prepare(tmp_path, few, "--speaker", SPEAKER) == 1

    assert (tmp_path / "out" / "train.jsonl").read_bytes() == before
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_validation_file_of_an_earlier_run_does_not_stay(tmp_path: Path, export: str) -> None:
    prepare(tmp_path, export, "--speaker", SPEAKER)
    few = write(tmp_path / "few.csv", dialogues(10))

    assert prepare(tmp_path, few, "--speaker", SPEAKER) == 0

    assert not (tmp_path / "out" / "validation.jsonl").exists()


def test_tokens_that_cannot_be_counted_are_no_success(
    tmp_path: Path, export: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ranks, "RANKS_DIRECTORY", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    monkeypatch.setitem(sys.modules, "rs_bpe.bpe", None)

    assert prepare(tmp_path, export, "--speaker", SPEAKER) == 1

    out, err = capfd.readouterr()
    assert out == ""
    assert "The ranks of o200k_base are missing" in err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-"], "prepare reads its exports twice"),
        (["x.csv", "--silence-minutes", "0"], "silence_minutes is 0; it must be between"),
        (["x.csv", "--settings", "none.json"], "none.json: No such file"),
        (["x.csv", "--format", "xml"], "invalid choice"),
    ],
)
def test_mistakes_in_the_arguments(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        prepare(tmp_path, *arguments)

    assert raised.value.code == 2
    assert said in capfd.readouterr().err


def test_private_numbers_are_masked_in_what_is_written(tmp_path: Path) -> None:
    private = chat((1440 * 90, "Json", "010-1234-5678 로 전화해"), (1440 * 90 + 1, SPEAKER, "ㅇㅋ"))
    export = write(tmp_path / "talk.csv", [*dialogues(20), *private])

    assert prepare(tmp_path, export, "--speaker", SPEAKER) == 0

    for path in (tmp_path / "out").iterdir():
        assert "1234-5678" not in path.read_text("utf-8")
    assert sum(report(tmp_path)["masked"].values()) == 1


def test_a_terminal_sees_a_bar_and_a_file_does_not(tmp_path: Path, export: str) -> None:
    parent, child = pty.openpty()
    done = subprocess.run(  # noqa: S603 - the command under test
        [
            sys.executable,
            "-m",
            "maltu",
            "prepare",
            export,
            "--speaker",
            SPEAKER,
            "--out",
            str(tmp_path / "out"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "shared")},
        stdout=subprocess.PIPE,
        stderr=child,
        check=False,
    )
    os.close(child)
    drawn = os.read(parent, 65536).decode()
    os.close(parent)

    assert done.returncode == 0
    assert "Reading talk.csv" in drawn
    assert "100%" in drawn
    assert drawn.endswith("\r\x1b[K")
    assert "\x1b" not in done.stdout.decode()
