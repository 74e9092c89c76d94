"""Whatever happens to an export: it is read, or refused with words for its owner, in bounded time.

``make fuzz`` runs far more rounds of the same; a failure names its round, which gives the same file again.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import time
import zipfile
from collections import Counter
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

import pytest

from maltu.errors import UnreadableExport
from maltu.exports import Exports
from tests.unit.exports.mutations import (
    MARKER,
    RECORDS,
    SEEDS,
    encoded,
    with_other_bytes,
    with_other_lines,
)
from tests.unit.exports.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from maltu.exports import Message, Reading

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "60"))
SECONDS_A_FILE = 2
_HEADER = ["date", "user", "message"]
MARKERS = re.compile(re.sub(r"\{.*\}", r"\\d{3}", MARKER))

seeds = pytest.mark.parametrize("seed", SEEDS)


def drawn(seed: str, round_: int) -> Random:
    return Random(f"{seed} {round_}")  # noqa: S311 - a round is to be the same again


def read(content: bytes) -> tuple[Reading, list[Message]] | None:
    """Read; None where the file is refused. Every other exception is a bug, and so is taking long."""
    began = time.process_time()
    done: tuple[Reading, list[Message]] | None = None
    why = ""
    try:
        reading = opened(content, name="talk")
        done = reading, list(reading)
    except UnreadableExport as refused:
        why = str(refused)
    assert time.process_time() - began < SECONDS_A_FILE
    assert not MARKERS.search(why), "the error quotes the chat"
    if done is None:
        return None
    assert done[1]
    for message in done[1]:
        assert message.kind in {"text", "media", "system", "deleted"}
        assert message.sent_at.tzinfo is None
    return done


def markers_in(texts: Iterable[str]) -> Counter[str]:
    return Counter(marker for text in texts for marker in MARKERS.findall(text))


def records_in(text: str, messenger: str) -> int | None:
    """Count the records with another parser than the reader's; None where that finds none."""
    try:
        if messenger.endswith("csv"):
            if messenger == "kakaotalk-csv" and ("\t" in text or ";" in text):
                return None  # may be what separates its fields
            rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
            headers = sum([name.strip("\ufeff ").lower() for name in row] == _HEADER for row in rows)
            return len(rows) - (headers if messenger == "kakaotalk-csv" else 1)
        return len(json.loads(text.removeprefix("\ufeff"))["messages"])
    except (ValueError, csv.Error, KeyError, TypeError, RecursionError):
        return None


@seeds
def test_a_seed_is_read_to_the_letter(seed: str) -> None:
    done = read(SEEDS[seed].encode())

    assert done is not None
    reading, found = done
    assert seed.startswith(reading.format)
    assert not reading.skipped
    assert len(found) == RECORDS
    assert markers_in(message.text for message in found) == {MARKER.format(n): 1 for n in range(RECORDS)}
    assert len({message.sender for message in found}) == 3


@seeds
def test_lines_are_read_or_counted(seed: str) -> None:
    for number in range(ROUNDS):
        text = with_other_lines(SEEDS[seed], drawn(f"{seed} lines", number))
        if (done := read(text.encode())) is None:
            continue
        reading, found = done
        lost = markers_in([text]) - markers_in(part for message in found for part in message[1:3])
        assert not lost or reading.skipped, f"round {number} lost {lost}"
        if "messages" in text or reading.format.endswith("csv"):
            records = records_in(text, reading.format)
            counted = len(found) + reading.skipped.total()
            assert records in {None, counted}, f"round {number}: {records} records, {counted} counted"


@seeds
def test_bytes_are_read_or_refused(seed: str) -> None:
    for number in range(ROUNDS):
        random = drawn(f"{seed} bytes", number)
        read(with_other_bytes(SEEDS[seed].encode(), random))


@seeds
def test_encodings_are_read_or_refused(seed: str) -> None:
    for number in range(ROUNDS // 4):
        random = drawn(f"{seed} encodings", number)
        content = encoded(with_other_lines(SEEDS[seed], random), random)
        read(with_other_bytes(content, random) if random.random() < 0.5 else content)


def test_zips_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.zip"
    for number in range(ROUNDS):
        random = drawn("zips", number)
        with zipfile.ZipFile(path, "w", random.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as packed:
            for part in range(random.randint(1, 4)):
                text = SEEDS[random.choice(list(SEEDS))]
                ending = random.choice(["-{}.txt", "{}.csv", "message_{}.json", " [part {}].json"])
                packed.writestr(f"folder/{ending.format(part)}", with_other_lines(text, random))
        if random.random() < 0.7:
            path.write_bytes(with_other_bytes(path.read_bytes(), random))
        began = time.process_time()
        with suppress(UnreadableExport), Exports() as files:
            for export in files.held_by(path, name="talk.zip"):
                assert list(files.read(export))
        assert time.process_time() - began < SECONDS_A_FILE


def test_accounts_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    account = '{"chats": {"list": [\n' + ",\n".join([SEEDS["telegram"]] * 2) + "\n]}}"
    for number in range(ROUNDS // 2):
        random = drawn("accounts", number)
        content = with_other_lines(account, random)
        raw = content.encode()
        path.write_bytes(with_other_bytes(raw, random) if random.random() < 0.5 else raw)
        began = time.process_time()
        with suppress(UnreadableExport), Exports() as files:
            readings = [files.read(export) for export in files.held_by(path, name="result.json")]
            found = sum(len(list(reading)) for reading in readings)
            counted = found + sum(reading.skipped.total() for reading in readings)
            with suppress(ValueError, KeyError, TypeError):
                chats = json.loads(path.read_text("utf-8"))["chats"]["list"]
                assert counted == sum(len(chat["messages"]) for chat in chats)
        assert time.process_time() - began < SECONDS_A_FILE
