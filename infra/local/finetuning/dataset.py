"""Reading an uploaded ``.jsonl`` file as a dataset, or saying which line is wrong and how.

Both of OpenAI's supervised formats are read, one per file: chat lines ``{"messages": [...]}`` and legacy
``{"prompt": ..., "completion": ...}`` lines.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from infra.local.finetuning.engine import Dataset, Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.local.finetuning.engine import Role
    from infra.local.finetuning.store import Record

FEWEST_EXAMPLES = 10
_ROLES: dict[object, Role] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
}  # fmt: skip
_MESSAGE_KEYS = {"role", "content", "name", "weight"}


class InvalidFile(Exception):
    """The file is no dataset; ``code`` is OpenAI's where it has a special one."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


def read_dataset(path: Path, *, fewest: int = 1) -> Dataset:
    """Read a file of at least ``fewest`` examples.

    Raises:
        InvalidFile: with the number of the first wrong line.
    """
    examples: list[tuple[Message, ...]] = []
    kinds: set[str] = set()
    for number, line in lines_of(path):
        record = record_of(number, line)
        if "messages" in record:
            kinds.add("chat")
            examples.append(_conversation(number, record["messages"]))
        else:
            kinds.add("completions")
            examples.append(_pair(number, record))
        if len(kinds) > 1:
            raise wrong(number, "chat and prompt/completion examples must not share a file")
    if len(examples) < fewest:
        raise InvalidFile(
            f"has {len(examples)} example(s), but must have at least {fewest} examples",
            code="invalid_n_examples",
        )
    return Dataset("completions" if kinds == {"completions"} else "chat", tuple(examples))


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError:
                raise wrong(number, "not UTF-8") from None
            if line:
                yield number, line


def record_of(number: int, line: str) -> Record:
    """A line's JSON object."""
    try:
        record = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise wrong(number, "not valid JSON; every line must be one JSON object") from None
    if not isinstance(record, dict):
        raise wrong(number, "not a JSON object")
    return cast("Record", record)


def _pair(number: int, record: Record) -> tuple[Message, ...]:
    for key in ("prompt", "completion"):
        if key not in record:
            raise wrong(number, f"key '{key}' is missing (a chat example has the key 'messages' instead)")
        if not isinstance(record[key], str):
            raise wrong(number, f"'{key}' must be a string")
    if not record["completion"].strip():
        raise wrong(number, "'completion' is empty")
    return Message("user", record["prompt"]), Message("assistant", record["completion"])


def _conversation(number: int, messages: object) -> tuple[Message, ...]:
    if not isinstance(messages, list) or not messages:
        raise wrong(number, "'messages' must be a non-empty array")
    found = cast("list[object]", messages)
    read = tuple(_message(number, at, message) for at, message in enumerate(found, 1))
    if not any(message.role == "assistant" and message.learned for message in read):
        raise wrong(number, "no assistant message to learn from")
    return read


def _message(number: int, at: int, message: object) -> Message:
    where = f"message {at}"
    if not isinstance(message, dict):
        raise wrong(number, f"{where} is not a JSON object")
    record = cast("Record", message)
    for key in ("role", "content"):
        if key not in record:
            raise wrong(number, f"{where} has no key '{key}'")
    if not record.keys() <= _MESSAGE_KEYS:
        raise wrong(number, f"{where} has a key other than {', '.join(sorted(_MESSAGE_KEYS))}")
    role = record["role"]
    if not isinstance(role, str) or role not in _ROLES:
        raise wrong(number, f"{where}: 'role' must be one of {', '.join(map(str, _ROLES))}")
    weight: object = record.get("weight")
    if weight is not None and (role != "assistant" or isinstance(weight, bool) or weight not in {0, 1}):
        raise wrong(number, f"{where}: 'weight' must be 0 or 1, and only on assistant messages")
    return Message(_ROLES[role], _content(number, where, record["content"]), learned=weight != 0)


def _content(number: int, where: str, content: Any) -> str:  # noqa: ANN401  a JSON value
    if isinstance(content, list):
        parts = cast("list[Any]", content)
        if not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
            raise wrong(number, f"{where}: every part of 'content' must be text")
        content = "".join(part["text"] for part in parts)
    if not isinstance(content, str):
        raise wrong(number, f"{where}: 'content' must be a string or an array of text parts")
    if not content:
        raise wrong(number, f"{where}: 'content' is empty")
    return content


def wrong(number: int, why: str) -> InvalidFile:
    """The error for one line."""
    return InvalidFile(f"is not a valid dataset. Line {number}: {why}.")
