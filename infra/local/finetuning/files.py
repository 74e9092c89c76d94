"""``/v1/files``: uploads, kept as they came until somebody deletes them or they expire."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from infra.local.finetuning.errors import ApiError, invalid, not_found
from infra.local.finetuning.listing import page
from infra.local.finetuning.server import server_of
from infra.local.finetuning.store import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message

    from infra.local.finetuning.store import Record, Store

LARGEST_FILE = 512 * 2**20
FORM_OVERHEAD = 2**16
_OPTIONAL = ("expires_at", "status_details")  # absent rather than null, as OpenAI describes them
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")


async def create_file(request: Request) -> Response:
    """``POST /v1/files``."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise invalid("Invalid Content-Type: files are uploaded as multipart/form-data.")
    if int(request.headers.get("content-length", "0")) > LARGEST_FILE + FORM_OVERHEAD:
        raise _too_large()
    limited = Request(request.scope, _Limit(request).receive)
    async with limited.form(max_files=1, max_fields=10) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise invalid("Missing required parameter: 'file'.", param="file")
        purpose = _purpose(form, upload.filename or "")
        record: Record = {
            "id": new_id("file-", 22),
            "object": "file",
            "bytes": upload.size or 0,
            "created_at": int(time.time()),
            "filename": upload.filename or "upload",
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
            "expires_at": _expiry(form),
        }
        store = server_of(request).store
        await run_in_threadpool(keep_file, store, record, upload.file)
    return JSONResponse(_shown(request)(record))


def keep_file(store: Store, record: Record, content: BinaryIO) -> None:
    """Store a file's content, then its record, so that no record ever lacks its content."""
    with (store.files / record["id"]).open("xb") as target:
        shutil.copyfileobj(content, target, 2**20)
    store.add("file", record)


def find_file(store: Store, identity: str) -> Record | None:
    """A file that exists and has not expired."""
    record = store.get("file", identity)
    if record and record["expires_at"] and record["expires_at"] <= time.time():
        remove_file(store, identity)
        return None
    return record


def remove_file(store: Store, identity: str) -> None:
    """Forget a file, then its content."""
    store.remove("file", identity)
    (store.files / identity).unlink(missing_ok=True)


def list_files(request: Request) -> Response:
    """``GET /v1/files``."""
    store = server_of(request).store
    purpose = request.query_params.get("purpose")

    def keep(record: Record) -> bool:
        return purpose in {None, record["purpose"]} and find_file(store, record["id"]) is not None

    return page(request, store, "file", default=10_000, most=10_000, keep=keep, show=_shown(request))


def retrieve_file(request: Request) -> Response:
    """``GET /v1/files/{file_id}``."""
    return JSONResponse(_shown(request)(_asked_file(request)))


def file_content(request: Request) -> Response:
    """``GET /v1/files/{file_id}/content``."""
    identity = _asked_file(request)["id"]
    return FileResponse(server_of(request).store.files / identity, media_type="application/octet-stream")


def delete_file(request: Request) -> Response:
    """``DELETE /v1/files/{file_id}``."""
    identity = _asked_file(request)["id"]
    remove_file(server_of(request).store, identity)
    return JSONResponse({"id": identity, "object": "file", "deleted": True})


def _shown(request: Request) -> Callable[[Record], Record]:
    server = server_of(request)

    def show(record: Record) -> Record:
        fresh = time.time() - record["created_at"] < server.behaviour.file_seconds
        told = {name: value for name, value in record.items() if value is not None or name not in _OPTIONAL}
        return server.behaviour.shown_file(told, fresh=fresh)

    return show


def _asked_file(request: Request) -> Record:
    identity: str = request.path_params["file_id"]
    record = find_file(server_of(request).store, identity)
    if record is None:
        raise not_found(f"No such File object: {identity}", param="id")
    return record


def _purpose(form: FormData, filename: str) -> str:
    purpose = form.get("purpose")
    if purpose is None:
        raise invalid("Missing required parameter: 'purpose'.", param="purpose")
    if purpose not in PURPOSES:
        raise invalid(f"Invalid 'purpose': expected one of {', '.join(PURPOSES)}.", param="purpose")
    if purpose == "fine-tune" and not filename.endswith(".jsonl"):
        raise invalid("Invalid file format for Fine-Tuning API. Must be .jsonl", param="file")
    return str(purpose)


def _expiry(form: FormData) -> int | None:
    seconds, anchor = form.get("expires_after[seconds]"), form.get("expires_after[anchor]")
    if seconds is None and anchor is None:
        return None
    shortest, longest = 3600, 2_592_000
    if anchor != "created_at" or not str(seconds).isdecimal() or not shortest <= int(str(seconds)) <= longest:
        raise invalid(
            f"Invalid 'expires_after': expected the anchor 'created_at' and {shortest} to {longest} seconds.",
            param="expires_after",
        )
    return int(time.time()) + int(str(seconds))


def _too_large() -> ApiError:
    return ApiError(
        HTTPStatus(413),  # its name changed in Python 3.13
        f"File is too large: a file may have at most {LARGEST_FILE // 2**20} MB.",
        param="file",
        code="file_too_large",
    )


@dataclass(slots=True)
class _Limit:
    """The request's body, cut off with an error once it is too large, whatever its headers promised."""

    request: Request
    received: int = 0

    async def receive(self) -> Message:
        message = await self.request.receive()
        self.received += len(message.get("body", b""))
        if self.received > LARGEST_FILE + FORM_OVERHEAD:
            raise _too_large()
        return message
