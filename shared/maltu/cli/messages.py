"""``maltu messages``: what the reader understands of an export."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from maltu.cli.arguments import STDIN
from maltu.cli.progress import opened
from maltu.cli.wording import counted, listed
from maltu.exports import read_export

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import BinaryIO

    from maltu.exports import Message

_to_the_letter = json.JSONEncoder(ensure_ascii=False).encode
_escaped = json.JSONEncoder().encode


def print_messages(path: Path) -> None:
    """Write one JSON object per message to standard output, in UTF-8, and the counts to standard error.

    Raises:
        UnreadableExport: the file cannot be read; what was read before stands in the output.
        OSError: it cannot be opened.
    """
    out = sys.stdout.buffer
    kinds: Counter[str] = Counter()
    with _input(path) as stream:
        reading = read_export(stream, name="standard input" if path == STDIN else path.name)
        for message in reading:
            kinds[message.kind] += 1
            out.write(_line(message))
    out.flush()
    sys.stderr.write(f"{counted(kinds.total(), 'message')} in {reading.format}: {listed(kinds) or 'none'}\n")
    if reading.doubtful:
        sys.stderr.write(f"Perhaps part of the message before: {listed(reading.doubtful)}\n")
    if reading.skipped:
        sys.stderr.write(f"{counted(reading.skipped.total(), 'row')} skipped: {listed(reading.skipped)}\n")


@contextmanager
def _input(path: Path) -> Generator[BinaryIO, None, None]:
    if path == STDIN:
        yield sys.stdin.buffer
    else:
        with opened(path, doing="Reading") as stream:
            yield stream


def _line(message: Message) -> bytes:
    shown = {
        "sent_at": message.sent_at.isoformat(),
        "sender": message.sender,
        "text": message.text,
        "kind": message.kind,
    }
    try:
        return _to_the_letter(shown).encode() + b"\n"
    except UnicodeEncodeError:
        # Half an emoji, as JSON exports can hold, has no UTF-8; an escape keeps it to the letter.
        return _escaped(shown).encode() + b"\n"
