"""botocore's descriptions of AWS's services, read once a process and not once a session."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from botocore.loaders import Loader

_Cache = dict[Any, Any]


def read_once() -> None:
    """Let loaders that look in the same places share what they have read."""
    caches: defaultdict[tuple[type[Loader], tuple[str, ...]], _Cache] = defaultdict(dict)

    def shared(loader: Loader) -> _Cache:
        return caches[type(loader), tuple(loader.search_paths)]

    def keep_shared(_: Loader, __: _Cache) -> None:
        """A loader brings an empty cache of its own."""

    # Loaders keep their caches to themselves, and there is no other way in.
    setattr(Loader, "_cache", property(shared, keep_shared))  # noqa: B010
