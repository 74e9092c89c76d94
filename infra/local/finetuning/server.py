"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from starlette.requests import Request

    from infra.local.finetuning.behaviour import Behaviour
    from infra.local.finetuning.engine import Engine
    from infra.local.finetuning.models import Models
    from infra.local.finetuning.store import Store
    from infra.local.finetuning.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Server:
    """One running server's parts."""

    store: Store
    engine: Engine
    models: Models
    trainer: Trainer
    behaviour: Behaviour


def server_of(request: Request) -> Server:
    """The server that answers this request."""
    return cast("Server", request.app.state.server)
