"""The bucket: exports that people drop, and the datasets made from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from maltu.naming import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

_CHUNK_BYTES = 1 << 20


class Readable(Protocol):
    """What is needed of an object's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Give at most ``size`` bytes, none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class StoredExport:
    """One dropped object: its content as a stream, its user metadata, and its version in the bucket."""

    body: Readable
    metadata: Mapping[str, str]
    version_id: str | None


class HashedStream:
    """A stream that remembers the SHA-256 of what was read through it."""

    def __init__(self, body: Readable) -> None:
        self._body = body
        self._hash = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Read from the body."""
        data = self._body.read(size)
        self._hash.update(data)
        return data

    def hexdigest(self) -> str:
        """Read whatever is left and give the hash of the whole."""
        while self.read(_CHUNK_BYTES):
            pass
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True)
class Bucket:
    """Reads exports and settings, writes and fetches datasets."""

    client: S3Client
    name: str

    def open_export(self, key: str, version_id: str | None) -> StoredExport:
        """Open an object: exactly that version of it, or the one that is there now."""
        which: GetObjectRequestTypeDef = {"Bucket": self.name, "Key": key}
        if version_id is not None:
            which["VersionId"] = version_id
        answer = self.client.get_object(**which)
        return StoredExport(answer["Body"], answer["Metadata"], answer.get("VersionId"))

    def persona_json(self, prefix: str) -> bytes | None:
        """Read the settings beside the exports under ``prefix``, if there are any."""
        try:
            answer = self.client.get_object(Bucket=self.name, Key=f"exports/{prefix}/{SETTINGS_FILE}")
        except self.client.exceptions.NoSuchKey:
            return None
        return answer["Body"].read()

    def store(self, key: str, path: Path, *, content_type: str) -> None:
        """Write a file to ``key``."""
        self.client.upload_file(str(path), self.name, key, ExtraArgs={"ContentType": content_type})

    def fetch(self, key: str, target: BinaryIO) -> None:
        """Copy the object at ``key`` into an open file."""
        self.client.download_fileobj(self.name, key, target)
