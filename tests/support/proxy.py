"""A wire that fails: a proxy on loopback before any HTTP server, which spoils exchanges as it is told."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Sequence

Fault = Literal[
    "throttled",  # the server says that it is too much
    "broken",  # the server says that it broke
    "reset",  # the connection is reset before the server hears of the request
    "reset_after",  # the server did it, and the connection is reset before the answer
    "cut",  # the server did it, and half of its answer arrives
    "slow",  # the server did it, and the answer takes a little
    "too_slow",  # the server did it, and the client does not wait that long
]
SLOW_SECONDS = 0.05
EXCHANGE_SECONDS = 20.0
HEAD_BYTES = 1 << 16


@dataclass(frozen=True)
class Request:
    """What a client asked: its head, as it came."""

    method: str
    path: str
    headers: dict[str, str]


def in_turn(faults: Sequence[Fault | None]) -> Callable[[Request], Fault | None]:
    """One fault, or none, for each request in turn; none for all that follow."""
    left = list(faults)
    return lambda _: left.pop(0) if left else None


def at_random(
    seed: int, faults: Sequence[Fault], *, share: float, most: int
) -> Callable[[Request], Fault | None]:
    """A fault for about ``share`` of the requests, and for ``most`` of them at most: every wire heals."""
    draw = random.Random(seed)  # noqa: S311 - the same seed must give the same faults
    left = most

    def script(_: Request) -> Fault | None:
        nonlocal left
        if not left or draw.random() >= share:
            return None
        left -= 1
        return draw.choice(faults)

    return script


@dataclass(eq=False)
class Proxy:
    """Where it listens, what it does next, and what it did.

    Attributes:
        url: what clients call, without a path.
        script: which fault a request meets.
        refuse: how the server says ``throttled`` or ``broken``: status, content type and body.
        too_slow_seconds: longer than the clients wait.
        passed: how many requests were let through undisturbed.
        met: every fault so far, with the request that met it.
    """

    url: str
    script: Callable[[Request], Fault | None]
    refuse: Callable[[Request, Fault], tuple[int, str, bytes]]
    too_slow_seconds: float
    passed: int = 0
    met: list[tuple[Fault, str]] = field(default_factory=list)


@contextmanager
def stand_before(
    server: str,
    *,
    script: Callable[[Request], Fault | None],
    refuse: Callable[[Request, Fault], tuple[int, str, bytes]],
    too_slow_seconds: float,
) -> Generator[Proxy]:
    """Stand before the server at ``server``, a URL whose path is ignored, until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    proxy = Proxy(url, script, refuse, too_slow_seconds)
    upstream = urlsplit(server)
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def listen() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(EXCHANGE_SECONDS):
                    await _exchange(proxy, str(upstream.hostname), upstream.port or 80, reader, writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

        async with await asyncio.start_server(serve, sock=listener, limit=HEAD_BYTES):
            ready.set()
            await ended.wait()
        # Every exchange ends by itself.
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    thread = threading.Thread(target=lambda: loop.run_until_complete(listen()), name="proxy", daemon=True)
    thread.start()
    try:
        ready.wait()
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


async def _exchange(
    proxy: Proxy, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One request and its answer; a client that wants more connects again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    request = Request(method, path, headers)
    if headers.pop("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _body(reader, headers)
    fault = proxy.script(request)
    if fault is None:
        proxy.passed += 1
    else:
        proxy.met.append((fault, f"{method} {path} {headers.get('x-amz-target', '')}".strip()))
    match fault:
        case "throttled" | "broken":
            status, kind, text = proxy.refuse(request, fault)
            lines = (
                f"HTTP/1.1 {status} Refused",
                f"Content-Type: {kind}",
                f"Content-Length: {len(text)}",
                "Connection: close",
                "x-amzn-RequestId: none",
            )
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + text)
            await writer.drain()
            return
        case "reset":
            _reset(writer)
            return
        case _:
            answer = await _ask(host, port, f"{method} {path} HTTP/1.1", headers, body)
    match fault:
        case "reset_after":
            _reset(writer)
            return
        case "cut":
            start = answer.index(b"\r\n\r\n") + 4
            answer = answer[: start + (len(answer) - start) // 2]
        case "slow":
            await asyncio.sleep(SLOW_SECONDS)
        case "too_slow":
            await asyncio.sleep(proxy.too_slow_seconds)
        case _:
            pass
    writer.write(answer)
    await writer.drain()


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    # Handed on in one piece.
    del headers["transfer-encoding"]
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    headers["content-length"] = str(len(body))
    return body


async def _ask(host: str, port: int, first: str, headers: dict[str, str], body: bytes) -> bytes:
    async with _connected(host, port) as (reader, writer):
        passed = {**headers, "connection": "close"}
        head = "\r\n".join([first, *(f"{name}: {value}" for name, value in passed.items())])
        writer.write(head.encode("latin-1") + b"\r\n\r\n" + body)
        await writer.drain()
        return await reader.read()


@asynccontextmanager
async def _connected(
    host: str, port: int
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Let the kernel answer with RST instead of a proper end."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
