"""What boto3 makes anew for each mock of AWS, what every test may share, and how moto hears the rest."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import boto3
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.config import Config

_Cache = dict[Any, Any]

# Makes a new client each time.
unshared: Any = vars(boto3)["client"]

# More would be of servers that are gone.
MOST_CLIENTS = 64


def read_once() -> None:
    """Let loaders that look in the same places share the descriptions of services that they have read."""
    caches: defaultdict[tuple[type[Loader], tuple[str, ...]], _Cache] = defaultdict(dict)

    def shared(loader: Loader) -> _Cache:
        return caches[type(loader), tuple(loader.search_paths)]

    def keep_shared(_: Loader, __: _Cache) -> None:
        """A loader brings an empty cache of its own."""

    # Loaders keep their caches to themselves, and there is no other way in.
    setattr(Loader, "_cache", property(shared, keep_shared))  # noqa: B010


def share_clients() -> None:
    """Let who asks for the same client in the same environment have the same one.

    A client whose retries are counted remembers failures, and one for an address of its own keeps connections
    to it: these are made anew.
    """
    lock, clients = threading.Lock(), dict[Any, Any]()

    def client(*args: Any, config: Config | None = None, **kwargs: Any) -> Any:  # noqa: ANN401 - of any service
        told = {} if config is None else vars(config)
        if "endpoint_url" in kwargs or "mode" in (told.get("retries") or {}):
            return unshared(*args, config=config, **kwargs)
        environment = frozenset(each for each in os.environ.items() if each[0].startswith("AWS_"))
        key = (environment, args, frozenset(kwargs.items()), repr(told))
        with lock:
            if key not in clients:
                if len(clients) == MOST_CLIENTS:
                    del clients[next(iter(clients))]
                clients[key] = unshared(*args, config=config, **kwargs)
            return clients[key]

    setattr(boto3, "client", client)  # noqa: B010 - an assignment would need boto3's hundred overloads


def let_moto_hear() -> None:
    """Let moto, while it mocks AWS, answer what no client asks; what clients ask, it has answered before."""
    from moto.core.models import botocore_stubber  # noqa: PLC0415 - where nothing mocks AWS there is no moto

    send: Callable[[URLLib3Session, AWSPreparedRequest], AWSResponse] = vars(URLLib3Session)["send"]

    def heard(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        return botocore_stubber("before-send", request) or send(session, request)

    setattr(URLLib3Session, "send", heard)  # noqa: B010 - as above
