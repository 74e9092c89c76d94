"""Reading training data in ``bedrock-conversation-2024`` from where it stands in S3."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.finetuning.dataset import InvalidFile, lines_of, record_of, wrong
from infra.local.finetuning.engine import Dataset, Message

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from infra.local.finetuning.engine import Role
    from infra.local.finetuning.store import Record

SCHEMA = "bedrock-conversation-2024"
FEWEST_EXAMPLES = 8
RESERVED = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")
_SCHEME = "s3://"


def is_in_s3(file: str) -> bool:
    """Whether a job's file stands in S3, and not with this server."""
    return file.startswith(_SCHEME)


def read_from_s3(uri: str, *, training: bool) -> Dataset:
    """Read ``s3://bucket/key``; no copy stays on this machine.

    Raises:
        InvalidFile: it cannot be read, or with the number of the first wrong line.
    """
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dataset.jsonl"
        try:
            _s3().download_file(bucket, key, str(path))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            raise InvalidFile(f"cannot be read: S3 answered {code}") from None
        except BotoCoreError as error:
            raise InvalidFile(f"cannot be read: {type(error).__name__}") from None
        return read_conversations(path, fewest=FEWEST_EXAMPLES if training else 1)


@cache
def _s3() -> S3Client:
    # Workers may make it at the same time, and only a session of their own makes that safe.
    return boto3.Session().client("s3")


def read_conversations(path: Path, *, fewest: int) -> Dataset:
    """Read a file of at least ``fewest`` conversations.

    Raises:
        InvalidFile: with the number of the first wrong line.
    """
    examples = tuple(_conversation(number, record_of(number, line)) for number, line in lines_of(path))
    if len(examples) < fewest:
        raise InvalidFile(f"has {len(examples)} record(s), but must have at least {fewest}")
    return Dataset("chat", examples)


def _conversation(number: int, record: Record) -> tuple[Message, ...]:
    if record.get("schemaVersion") != SCHEMA:
        raise wrong(number, f"'schemaVersion' must be {SCHEMA}")
    system = [Message("system", text) for text in _texts(number, "system", record.get("system", []))]
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise wrong(number, "'messages' must be a non-empty array")
    said = [_message(number, at, each) for at, each in enumerate(cast("list[Any]", messages))]
    if said[-1].role != "assistant":
        raise wrong(number, "the last message must be the assistant's")
    return (*system, *said)


def _message(number: int, at: int, message: Any) -> Message:  # noqa: ANN401  a JSON value
    role: Role = "assistant" if at % 2 else "user"
    if not isinstance(message, dict) or cast("Record", message).get("role") != role:
        raise wrong(number, f"message {at + 1} must be the {role}'s: roles alternate, and the user starts")
    texts = _texts(number, f"message {at + 1}", cast("Record", message).get("content"))
    if not texts:
        raise wrong(number, f"message {at + 1} has no content")
    return Message(role, "".join(texts))


def _texts(number: int, where: str, blocks: Any) -> list[str]:  # noqa: ANN401  a JSON value
    if not isinstance(blocks, list):
        raise wrong(number, f"{where}: the content must be an array of text blocks")
    texts: list[str] = []
    for block in cast("list[Any]", blocks):
        text: Any = cast("Record", block).get("text") if isinstance(block, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise wrong(number, f"{where}: every block must hold a text that is not blank")
        if any(word in text for word in RESERVED):
            raise wrong(number, f"{where} holds a reserved word: one of {', '.join(RESERVED)}")
        texts.append(text)
    return texts
