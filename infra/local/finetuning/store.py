"""The server's state: one SQLite database and one folder, both under the data folder.

Every API object (file, job, event, checkpoint, model) is a row that holds the JSON the API shows. Rows keep
the order of creation, which is the order of every list.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator
    from pathlib import Path

Record: TypeAlias = dict[str, Any]
Kind = Literal[
    "file", "job", "event", "checkpoint", "model", "deployment", "customization", "model_deployment"
]
Order = Literal["asc", "desc"]

_ALPHABET = string.ascii_letters + string.digits
_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    parent TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS record_by_kind ON record (kind, parent, seq);
"""


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh, unguessable id."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_name(length: int = 12) -> str:
    """A fresh, unguessable id without capitals, as AWS's resources have."""
    return "".join(secrets.choice(_ALPHABET).lower() for _ in range(length))


class Store:
    """Records by kind and id, for several threads; every change is atomic and outlives the process."""

    def __init__(self, data: Path) -> None:
        self.files = data / "files"
        self.models = data / "models"
        for folder in (self.files, self.models):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._database = sqlite3.connect(
            data / "state.sqlite3", check_same_thread=False, isolation_level=None, timeout=30
        )
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database; the store is of no use afterwards."""
        with self._lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All changes inside happen, or none."""
        with self._lock:
            if self._database.in_transaction:
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def add(self, kind: Kind, body: Record, parent: str = "") -> None:
        """Keep a new record under ``body["id"]``."""
        with self._lock:
            self._database.execute(
                "INSERT INTO record (kind, id, parent, body) VALUES (?, ?, ?, ?)",
                (kind, body["id"], parent, json.dumps(body)),
            )

    def get(self, kind: Kind, identity: str) -> Record | None:
        """The record, or ``None``."""
        with self._lock:
            row = self._database.execute(
                "SELECT body FROM record WHERE kind = ? AND id = ?", (kind, identity)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def update(self, kind: Kind, identity: str, changes: Record) -> Record | None:
        """Change some fields and return the whole record, or ``None`` where there is none."""
        with self.transaction():
            body = self.get(kind, identity)
            if body is None:
                return None
            body |= changes
            self._database.execute("UPDATE record SET body = ? WHERE id = ?", (json.dumps(body), identity))
            return body

    def advance(self, job: str, status: str, *, after: Collection[str], **changes: object) -> Record | None:
        """Move a job to ``status`` if it stands in one of ``after``; ``None`` where it does not."""
        with self.transaction():
            body = self.get("job", job)
            if body is None or body["status"] not in after:
                return None
            return self.update("job", job, {"status": status, **changes})

    def remove(self, kind: Kind, identity: str) -> bool:
        """Forget a record; false where there was none."""
        with self._lock:
            gone = self._database.execute("DELETE FROM record WHERE kind = ? AND id = ?", (kind, identity))
            return gone.rowcount > 0

    def scan(
        self, kind: Kind, *, parent: str = "", after: str | None = None, order: Order = "desc"
    ) -> Iterator[Record]:
        """Records in order of creation, those behind ``after`` only.

        Raises:
            KeyError: ``after`` names no such record.
        """
        with self._lock:
            clause, parameters = "", [kind, parent]
            if after is not None:
                row = self._database.execute(
                    "SELECT seq FROM record WHERE kind = ? AND parent = ? AND id = ?", (kind, parent, after)
                ).fetchone()
                if row is None:
                    raise KeyError(after)
                clause = " AND seq < ?" if order == "desc" else " AND seq > ?"
                parameters.append(row[0])
            rows = self._database.execute(
                f"SELECT body FROM record WHERE kind = ? AND parent = ?{clause} ORDER BY seq {order}",  # noqa: S608  the clause and the order are one of two literals
                parameters,
            ).fetchall()
        return (json.loads(row[0]) for row in rows)
