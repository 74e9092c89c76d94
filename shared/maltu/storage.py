"""The bucket: exports that people drop, and the datasets made from them."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maltu.naming import SETTINGS_FILE, dataset_prefix, is_export_key, normalised

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_s3.client import S3Client

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """An export as the bucket lists it: ``at`` is when it was dropped, to the second."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Copy:
    """An export on this machine's disk.

    Attributes:
        key: where it stands in the bucket.
        path: where the copy is.
        sha256: of its content, in hex.
        metadata: the object's user metadata.
        dropped_at: when it was put there.
        drop: what tells this drop from every other one of the same key.
    """

    key: str
    path: Path
    sha256: str
    metadata: Mapping[str, str]
    dropped_at: datetime
    drop: str

    @property
    def file(self) -> str:
        """The export's file name."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Takes uploads, reads exports and settings, writes and copies datasets, and erases all of a persona."""

    client: S3Client
    name: str

    def exports(self, prefix: str) -> list[Listed]:
        """All exports that stand under ``exports/<prefix>/`` now, oldest first."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=f"exports/{prefix}/"
        )
        listed = [
            Listed(each["LastModified"], each["Key"])  # pyright: ignore[reportTypedDictNotRequiredAccess]  # S3 gives both
            for page in pages
            for each in page.get("Contents", [])
        ]
        return sorted(each for each in listed if is_export_key(each.key))

    def copy_export(self, export: Listed, path: Path) -> Copy | None:
        """Copy an export to ``path``, in constant memory; None where it is gone."""
        try:
            answer = self.client.get_object(Bucket=self.name, Key=export.key)
        except self.client.exceptions.NoSuchKey:
            return None
        sha256 = hashlib.sha256()
        with path.open("wb") as file:
            while block := answer["Body"].read(_CHUNK_BYTES):
                sha256.update(block)
                file.write(block)
        at = answer["LastModified"]
        # A bucket without versions gives none; there, time and content tell drops apart.
        drop = answer.get("VersionId") or f"{at:%Y%m%dt%H%M%S}-{answer['ETag']}"
        return Copy(export.key, path, sha256.hexdigest(), answer["Metadata"], at, drop)

    def persona_json(self, prefix: str) -> bytes | None:
        """Read the settings beside the exports under ``prefix``, if there are any."""
        return self.read(f"exports/{prefix}/{SETTINGS_FILE}")

    def erase(self, persona: str) -> int:
        """Delete every version of every object of a persona, datasets included; return how many went.

        Exports stand under the persona's name as they were uploaded, composed or not.
        """
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self.name, Prefix="exports/", Delimiter="/"
        )
        dropped = [each.get("Prefix", "") for page in pages for each in page.get("CommonPrefixes", [])]
        own = [prefix for prefix in dropped if normalised(prefix.split("/")[1]) == persona]
        return sum(self.erase_under(prefix) for prefix in [*own, f"{dataset_prefix(persona)}/"])

    def erase_under(self, prefix: str) -> int:
        """Delete every version of every object whose key begins so; return how many went."""
        erased = 0
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=prefix)
        for page in pages:
            # A page holds at most as many as one request deletes.
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects: Any = [{"Key": each.get("Key"), "VersionId": each.get("VersionId")} for each in found]
            if objects:
                answer = self.client.delete_objects(
                    Bucket=self.name, Delete={"Objects": objects, "Quiet": True}
                )
                refused = answer.get("Errors", [])
                if refused:
                    raise OSError(f"S3 did not delete {len(refused)} objects: {refused[0].get('Code')}.")
            erased += len(objects)
        return erased

    def store(self, key: str, path: Path, *, content_type: str) -> None:
        """Write a file to ``key``."""
        self.client.upload_file(str(path), self.name, key, ExtraArgs={"ContentType": content_type})

    def upload_form(self, key: str, *, content_type: str, max_bytes: int, seconds: int) -> dict[str, Any]:
        """Sign a form that posts one file of 1 to ``max_bytes`` to ``key``: its ``url`` and ``fields``."""
        kind = {"Content-Type": content_type}
        return self.client.generate_presigned_post(
            self.name,
            key,
            Fields=dict(kind),
            Conditions=[kind, ["content-length-range", 1, max_bytes]],
            ExpiresIn=seconds,
        )

    def size_of(self, key: str) -> int | None:
        """How many bytes the object at ``key`` has; None where there is none."""
        # Asked for itself, what is not there would read as forbidden.
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=key, MaxKeys=1).get("Contents", [])
        return next((each.get("Size", 0) for each in found if each.get("Key") == key), None)

    def read(self, key: str) -> bytes | None:
        """What stands at ``key``; None where there is nothing."""
        if self.size_of(key) is None:
            return None
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def copy(self, source: str, key: str, *, content_type: str, metadata: Mapping[str, str]) -> None:
        """Copy an object within the bucket, with metadata of its own."""
        self.client.copy_object(
            Bucket=self.name,
            Key=key,
            CopySource={"Bucket": self.name, "Key": source},
            ContentType=content_type,
            Metadata=metadata,
            MetadataDirective="REPLACE",
        )

    def write(self, key: str, content: bytes, *, content_type: str) -> None:
        """Write an object whole."""
        self.client.put_object(Bucket=self.name, Key=key, Body=content, ContentType=content_type)

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

    @contextmanager
    def copied_together(self, prefix: str, names: Sequence[str]) -> Generator[Path]:
        """Give a folder with copies of the objects ``<prefix>/<name>``, for as long as the context lasts."""
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                self.client.download_file(self.name, f"{prefix}/{name}", str(Path(folder) / name))
            yield Path(folder)
