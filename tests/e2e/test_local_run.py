"""What keeps a run on one machine tidy: names, missing files, processes that do not want to end."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from infra.local.drop import choose_export, persona_name
from infra.local.environment import aws_environment
from infra.local.processes import running_children, wait_for_http
from infra.local.workspace import LocalRunError, Workspace
from maltu.naming import is_persona

if TYPE_CHECKING:
    from pathlib import Path

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]]) if len(sys.argv) > 1 else None
print(os.getpid(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("name", "persona"),
    [
        ("하준", "하준"),
        ("김 철수 (회사)", "김-철수-회사"),
        ("O'Brien ☀", "O-Brien"),
        ("\u1112\u1161\u110c\u116e\u11ab", "하준"),
        ("🙂", "persona"),
        ("", "persona"),
        ("--", "persona"),
        ("가" * 80, "가" * 64),
    ],
)
def test_a_speaker_becomes_a_valid_persona_name(name: str, persona: str) -> None:
    assert persona_name(name) == persona
    assert is_persona(persona)


def test_the_room_names_the_persona(tmp_path: Path) -> None:
    path = tmp_path / "KakaoTalk_Chat_우리 가족_2026-10-18-22-41-07.csv"
    path.write_text('Date,User,Message\n2026-10-18 22:41:07,"민지","응"\n', "utf-8")

    assert choose_export(path, speaker=None, persona=None).persona == "우리-가족"
    assert choose_export(path, speaker="민지", persona=None).persona == "민지"
    assert choose_export(path, speaker="민지", persona="누나").persona == "누나"


def test_a_room_may_stand_in_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "history.txt"
    path.write_text("[LINE] 花子とのトーク履歴\n\n2022/03/18(金)\n14:56\t花子\tやあ\n", "utf-8")

    assert choose_export(path, speaker=None, persona=None).persona == "花子"


def test_a_file_that_nobody_can_read_names_nobody(tmp_path: Path) -> None:
    path = tmp_path / "KakaoTalk_Chat_우리 가족_2026-10-18-22-41-07.csv"
    path.touch()

    assert choose_export(path, speaker=None, persona=None).persona == "persona"


def test_a_speaker_travels_in_ascii(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()

    metadata = choose_export(path, speaker="민지 ☀/+%", persona=None).metadata

    assert metadata == {"speaker": "%EB%AF%BC%EC%A7%80%20%E2%98%80%2F%2B%25"}


@pytest.mark.parametrize("persona", ["a b", "a/b", "-", "가" * 65])
def test_a_wrong_persona_is_refused_before_anything_starts(persona: str) -> None:
    with pytest.raises(LocalRunError, match="cannot be a persona's name"):
        choose_export(None, speaker=None, persona=persona)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalRunError, match=r"missing\.csv: there is no such file"):
        choose_export(tmp_path / "missing.csv", speaker=None, persona=None)


def test_the_persons_own_accounts_are_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "OPENAI_API_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "theirs")

    env = aws_environment("http://127.0.0.1:1", tmp_path)

    assert "theirs" not in env.values()
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert env["AWS_CONFIG_FILE"] == env["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_processes_that_ignore_sigterm_end_with_their_children(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.processes.GRACE_SECONDS", 0.2)
    with running_children(place) as children:
        children.start("stubborn", [sys.executable, "-c", STUBBORN, STUBBORN], env=os.environ)
        deadline = time.monotonic() + 20
        while len(pids := children.log("stubborn").read_text().split()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    # A grandchild is reaped by whoever adopted it, a moment later.
    while any(map(running, map(int, pids))):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_server_that_ended_is_not_waited_for(place: Workspace) -> None:
    with running_children(place) as children:
        command = [sys.executable, "-c", "raise SystemExit('port taken')"]
        ended = children.start("server", command, env=os.environ)
        ended.wait()

        with pytest.raises(LocalRunError, match="port taken"):
            wait_for_http("http://127.0.0.1:1/", ended, children.log("server"))


def test_a_failed_command_shows_the_end_of_its_output(place: Workspace) -> None:
    with running_children(place) as children:
        command = [sys.executable, "-c", "print('reason'); raise SystemExit(3)"]

        with pytest.raises(LocalRunError, match=r"(?s)tool failed with status 3\..*reason"):
            children.run("tool", command, env=os.environ)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
