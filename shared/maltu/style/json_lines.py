"""Reading JSON Lines that somebody else may have written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maltu.errors import StyleError


def read_lines(path: Path, error: type[StyleError]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give every line's number and object; blank lines are passed over.

    Raises:
        StyleError: as ``error``; a line is no JSON object in UTF-8.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if line.strip():
                yield number, _object(line, f"{path}, line {number}", error)


def read_json(path: Path, error: type[StyleError]) -> dict[str, Any]:
    """Read a file that is one JSON object.

    Raises:
        StyleError: as ``error``; it is none.
        OSError: the file cannot be read.
    """
    return _object(path.read_bytes(), str(path), error)


def _object(raw: bytes, where: str, error: type[StyleError]) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except UnicodeDecodeError:
        raise error(f"{where}: it is not UTF-8.") from None
    except (json.JSONDecodeError, RecursionError):
        raise error(f"{where}: it is not valid JSON.") from None
    if not isinstance(found, dict):
        raise error(f"{where}: it is not a JSON object.")
    return cast("dict[str, Any]", found)
