"""The bucket: exports that people drop, and the datasets made from them."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maltu.naming import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from mypy_boto3_s3.client import S3Client

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Copy:
    """An export on this machine's disk.

    Attributes:
        key: where it stands in the bucket.
        path: where the copy is.
        sha256: of its content, in hex.
        metadata: the object's user metadata.
    """

    key: str
    path: Path
    sha256: str
    metadata: Mapping[str, str]

    @property
    def file(self) -> str:
        """The export's file name."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Reads exports and settings, writes and fetches datasets."""

    client: S3Client
    name: str

    def exports(self, prefix: str) -> list[str]:
        """The keys of all exports that stand under ``exports/<prefix>/`` now, in order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=f"exports/{prefix}/", Delimiter="/"
        )
        keys = [each.get("Key", "") for page in pages for each in page.get("Contents", [])]
        return [key for key in keys if key.rpartition("/")[2] not in {"", SETTINGS_FILE}]

    def copy_export(self, key: str, path: Path) -> Copy | None:
        """Copy an export to ``path``, in constant memory; None where it is gone."""
        try:
            answer = self.client.get_object(Bucket=self.name, Key=key)
        except self.client.exceptions.NoSuchKey:
            return None
        sha256 = hashlib.sha256()
        with path.open("wb") as file:
            while block := answer["Body"].read(_CHUNK_BYTES):
                sha256.update(block)
                file.write(block)
        return Copy(key, path, sha256.hexdigest(), answer["Metadata"])

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

    def uri(self, key: str) -> str:
        """How AWS's services name the object at ``key``."""
        return f"s3://{self.name}/{key}"

    @contextmanager
    def copied(self, key: str) -> Generator[Path]:
        """Give a copy of the object at ``key`` on this machine's disk, for as long as the context lasts."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / key.rpartition("/")[2]
            self.client.download_file(self.name, key, str(path))
            yield path
