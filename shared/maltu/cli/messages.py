"""``maltu messages``: what the reader understands of an export."""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from maltu.cli.arguments import STDIN
from maltu.cli.progress import opened
from maltu.cli.wording import counted, listed
from maltu.errors import UnreadableExport
from maltu.exports import Exports, read_export

if TYPE_CHECKING:
    from pathlib import Path

    from maltu.exports import Message, Reading

_to_the_letter = json.JSONEncoder(ensure_ascii=False).encode
_escaped = json.JSONEncoder().encode


def print_messages(path: Path) -> None:
    """Write one JSON object per message to standard output, in UTF-8, and the counts to standard error.

    Where a file holds several exports, they come one after the other, also behind one that cannot be read.

    Raises:
        UnreadableExport: the file cannot be read; what was read before stands in the output.
        OSError: it cannot be opened.
    """
    if path == STDIN:
        _print(read_export(sys.stdin.buffer, name="standard input"))
        return
    with Exports(partial(opened, doing="Reading")) as files:
        exports = files.held_by(path, name=path.name)
        if len(exports) == 1:
            _print(files.read(exports[0]))
            return
        failed = 0
        for export in exports:
            sys.stderr.write(f"{export.name}:\n")
            try:
                _print(files.read(export))
            except UnreadableExport as error:
                failed += 1
                sys.stderr.write(f"{error}\n")
        if failed:
            raise UnreadableExport(f"{failed} of {len(exports)} exports in {path.name} cannot be read.")


def _print(reading: Reading) -> None:
    out = sys.stdout.buffer
    kinds: Counter[str] = Counter()
    for message in reading:
        kinds[message.kind] += 1
        out.write(_line(message))
    out.flush()
    sys.stderr.write(f"{counted(kinds.total(), 'message')} in {reading.format}: {listed(kinds) or 'none'}\n")
    if reading.doubtful:
        sys.stderr.write(f"Perhaps part of the message before: {listed(reading.doubtful)}\n")
    if reading.skipped:
        sys.stderr.write(f"{counted(reading.skipped.total(), 'row')} skipped: {listed(reading.skipped)}\n")


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
