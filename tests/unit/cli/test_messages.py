from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pytest

from maltu.cli import main

ROOT = Path(__file__).parents[3]
EXPORT = '''\
Date,User,Message
2022-12-17 13:55:24,"Json","하이, ""너"""
2022-12-17 13:55:27,"Csv","NA"
2022-12-17 13:56:00,"Json","사진"
nonsense
'''


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "talk.csv"
    path.write_text(EXPORT, "utf-8")
    return path


def started(*arguments: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the command under test
        [sys.executable, "-m", "maltu", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "shared"), "PYTHONIOENCODING": "ascii"},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What a shell starts in the background ignores Ctrl-C, and so would whatever it starts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - it takes no lock
    )


def test_one_json_object_a_line_to_the_letter(
    export: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["messages", str(export)]) == 0

    out, err = capfdbinary.readouterr()
    assert out.decode().splitlines()[0] == (
        '{"sent_at": "2022-12-17T13:55:24", "sender": "Json", "text": "하이, \\"너\\"", "kind": "text"}'
    )
    assert [json.loads(line)["text"] for line in out.splitlines()] == ['하이, "너"', "NA", "사진"]
    assert err.decode().splitlines() == [
        "3 messages in kakaotalk-csv: 2 text, 1 media",
        "1 row skipped: 1 wrong number of fields",
    ]


def test_standard_input_is_an_export_too(export: Path) -> None:
    with export.open("rb") as file:
        done = started("messages", "-", stdin=file.fileno())
        out, err = done.communicate(timeout=60)

    assert done.returncode == 0
    assert json.loads(out.splitlines()[1])["text"] == "NA"
    assert b"3 messages" in err


def test_a_zips_exports_come_one_after_the_other(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "rooms.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("one.csv", EXPORT)
        packed.writestr("none.csv", "Date,User,Message\n")
        packed.writestr("two.csv", EXPORT.replace("Json", "Toml"))
    assert main(["messages", str(path)]) == 1

    out, err = capfdbinary.readouterr()
    assert [json.loads(line)["sender"] for line in out.splitlines()] == [
        *("Json", "Csv", "Json"),
        *("Toml", "Csv", "Toml"),
    ]
    assert [line for line in err.decode().splitlines() if line.endswith(":")] == [
        "one.csv in rooms.zip:",
        "none.csv in rooms.zip:",
        "two.csv in rooms.zip:",
    ]
    assert err.decode().splitlines()[-1] == "maltu: 1 of 3 exports in rooms.zip cannot be read."


def test_an_accounts_chats_come_one_after_the_other(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "result.json"
    at = {"type": "message", "date": "2022-03-18T14:56:01", "from": "Json", "from_id": "user1"}
    path.write_text(
        json.dumps(
            {
                "chats": {
                    "list": [
                        {"name": "Csv", "messages": [{**at, "text": "하나"}, {**at, "text": "둘"}]},
                        {"name": "가족", "messages": [{**at, "text": "셋"}, {**at, "forwarded_from": "x"}]},
                    ]
                }
            }
        ),
        "utf-8",
    )
    assert main(["messages", str(path)]) == 0

    out, err = capfdbinary.readouterr()
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["하나", "둘", "셋"]
    assert err.decode().splitlines() == [
        "Csv in result.json:",
        "2 messages in telegram: 2 text",
        "가족 in result.json:",
        "1 message in telegram: 1 text",
        "1 row skipped: 1 forwarded",
    ]


def test_a_pipe_is_read_once(export: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, export.read_bytes())
    os.close(writing)
    done = subprocess.run(  # noqa: S603 - the command under test
        [sys.executable, "-m", "maltu", "messages", f"/dev/fd/{reading}"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "shared")},
        pass_fds=[reading],
        capture_output=True,
        timeout=60,
        check=False,
    )
    os.close(reading)

    assert done.returncode == 0
    assert b"3 messages" in done.stderr


def test_what_cannot_be_read_is_shown_on_standard_error(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "list.txt"
    path.write_text("우유 2개\n계란\n", "utf-8")

    assert main(["messages", str(path)]) == 1

    out, err = capfdbinary.readouterr()
    assert out == b""
    first, *excerpt = err.decode().splitlines()
    assert first.startswith("maltu: list.txt is no export that is understood.")
    assert excerpt == ["    우유 2개", "    계란"]


def test_a_file_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["messages", str(tmp_path / "none.csv")]) == 1

    assert capfd.readouterr().err == f"maltu: {tmp_path}/none.csv: No such file or directory\n"


@pytest.mark.parametrize("arguments", [[], ["messages"], ["message", "x"], ["messages", "a", "b"]])
def test_a_mistake_in_the_arguments_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(arguments)

    assert raised.value.code == 2


def test_a_reader_that_leaves_early_is_no_error_worth_words(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    row = '2022-12-17 13:55:24,"Json","하이"\n'
    path.write_text(row * 200_000, "utf-8")
    running = started("messages", str(path))
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()

    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait(60) == 141


def test_ctrl_c_ends_it_without_a_traceback() -> None:
    reading, writing = os.pipe()
    running = started("messages", "-", stdin=reading)
    os.close(reading)
    assert running.stdout is not None
    # It prints more than the pipe holds and waits, or waits for an end that never comes.
    os.write(writing, b'2022-12-17 13:55:24,"Json","hi"\n' * 2_300)
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    os.close(writing)

    assert running.returncode == 130
    assert b"Traceback" not in err
