"""Whom a client trusts, read once for every client that a test or a function makes."""

from __future__ import annotations

import ssl
from functools import cache


def read_once() -> None:
    """Let clients that trust the same authorities share one context.

    To read the authorities takes longer than all else that makes a client, and hardly anything here is asked
    over TLS.
    """
    setattr(ssl, "create_default_context", cache(ssl.create_default_context))  # noqa: B010 - its type is none that a cache has
