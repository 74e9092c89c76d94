"""``/v1/models``, and the tuned models that are loaded at the moment."""

from __future__ import annotations

import re
import shutil
from collections import OrderedDict
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from infra.local.finetuning.errors import ApiError, invalid, model_not_found
from infra.local.finetuning.journal import model_and_part
from infra.local.finetuning.server import server_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from infra.local.finetuning.behaviour import Behaviour
    from infra.local.finetuning.engine import Engine, Model
    from infra.local.finetuning.server import Server
    from infra.local.finetuning.store import Kind, Record, Store

OWNER = "local"
LOADED_AT_ONCE = 4
_PART = re.compile(r"(step-\d+)?")
BASE_CREATED = 1_764_547_200  # base models have no birthday on this machine; a constant keeps lists stable


class Models:
    """Tuned models by name; the least recently used one makes room for the next."""

    def __init__(self, store: Store, engine: Engine, behaviour: Behaviour) -> None:
        self._store = store
        self._served: Kind = "model" if behaviour.served == "at_once" else "deployment"
        self._engine = engine
        self._loaded: OrderedDict[str, Model] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> Model:
        """The model, ready to answer.

        Raises:
            ApiError: no such model, or the base model where it has learned nothing.
        """
        if name == self._engine.base_model:
            base = self._engine.base()
            if base is None:
                raise _untrained(name)
            return base
        model, part = model_and_part(name)
        with self._lock:
            record = self._store.get(self._served, model)
            if record is None or record.get("status", "active") != "active":
                raise model_not_found(name)
            folder = self._store.models / record["job"] / part
            if not _PART.fullmatch(part) or not folder.is_dir():
                raise model_not_found(name)
            if name not in self._loaded:
                self._loaded[name] = self._engine.load(folder)
                while len(self._loaded) > LOADED_AT_ONCE:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(name)
            return self._loaded[name]

    def delete(self, name: str) -> None:
        """Forget a tuned model and remove its files."""
        with self._lock:
            record = self._store.get("model", name)
            if record is None:
                raise model_not_found(name)
            for loaded in [each for each in self._loaded if model_and_part(each)[0] == name]:
                del self._loaded[loaded]
            self._store.remove("model", name)
            shutil.rmtree(self._store.models / record["job"], ignore_errors=True)


def list_models(request: Request) -> Response:
    """``GET /v1/models``."""
    server = server_of(request)
    tuned = [_shown(record) for record in server.store.scan("model", order="asc")]
    listed = [_base(server), *tuned] if server.behaviour.lists_models else []
    return JSONResponse({"object": "list", "data": listed})


def retrieve_model(request: Request) -> Response:
    """``GET /v1/models/{model}``."""
    server, name = server_of(request), request.path_params["model"]
    if not server.behaviour.lists_models:
        raise model_not_found(name)
    if name == server.engine.base_model:
        return JSONResponse(_base(server))
    record = server.store.get("model", name)
    if record is None:
        raise model_not_found(name)
    return JSONResponse(_shown(record))


def delete_model(request: Request) -> Response:
    """``DELETE /v1/models/{model}``."""
    server, name = server_of(request), request.path_params["model"]
    if name == server.engine.base_model:
        raise invalid(f"The base model `{name}` cannot be deleted.", param="model")
    if not server.behaviour.deletes_models:
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "Models cannot be deleted.", param=None, code=None)
    server.models.delete(name)
    return JSONResponse({"id": name, "object": "model", "deleted": True})


def _shown(record: Record) -> Record:
    return {
        "id": record["id"],
        "object": "model",
        "created": record["created"],
        "owned_by": OWNER,
        "shutdown_date": record.get("shutdown_date"),
    }


def _base(server: Server) -> Record:
    last = server.behaviour.shutdown_date
    return _shown({"id": server.engine.base_model, "created": BASE_CREATED, "shutdown_date": last})


def _untrained(name: str) -> ApiError:
    return invalid(
        f"The base model `{name}` has learned nothing yet and cannot answer. Fine-tune it, "
        "then ask the model named in the job's fine_tuned_model.",
        param="model",
        code="model_not_trained",
    )
