"""Many callers at once, each waiting for its answer before it asks again: who gets what answer, and how fast.

The functions run here behind the tests' own gateway, in as many processes as there are to be execution
environments, against the table, the secrets and the provider of the stack. The local AWS endpoint's gateway
starts a process for every request that is under way, which no machine with two cores holds for hundreds.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx2

from infra.local.environment import aws_environment
from infra.local.workspace import ROOT
from tests.load.counting import versions

if TYPE_CHECKING:
    from collections.abc import Generator

    from infra.local.stack import Stack
    from infra.local.terminal import Clock

PATIENCE = 120
BACKLOG = 1024
# What a caller may meet beside an answer: it is told to come again later.
REFUSED = 429


def load(stack: Stack, clock: Clock, *, callers: int, requests: int, environments: int) -> bool:
    """Ask ``requests`` times from ``callers`` at once; tell whether all got an answer or a 429.

    Args:
        stack: that is up and has a persona.
        clock: says what goes on.
        callers: how many ask at a time.
        requests: how often they ask, together.
        environments: how many processes answer.
    """
    persona = next(each.persona for each in versions(stack) if each.status == "succeeded")
    with _gateway(stack, environments) as url:
        clock.say(f"{requests} requests to {persona} from {callers} callers at once")
        began = time.monotonic()
        answered, milliseconds = asyncio.run(_ask(url, stack.api_key, persona, callers, requests))
        took = time.monotonic() - began
    print(f"\n{'answers':44}{dict(answered)}")
    if milliseconds:
        waits = sorted(milliseconds)
        at = {share: waits[min(len(waits) - 1, len(waits) * share // 100)] for share in (50, 95, 99, 100)}
        shown = ", ".join(f"{share} % within {ms:,.0f}" for share, ms in at.items())
        print(f"{'milliseconds to an answer':44}{shown}")
    print(
        f"{'seconds in all':44}{took:.0f}   {requests / took:.1f} a second from {environments} environments\n"
    )
    return not answered.keys() - {"200", str(REFUSED)}


@contextmanager
def _gateway(stack: Stack, environments: int) -> Generator[str]:
    lambda_: Any = cast("Any", stack.aws.session).client("lambda", endpoint_url=stack.aws.url)
    variables: dict[str, str] = {}
    for page in lambda_.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            if any(name in function["FunctionName"] for name in ("Authorizer", "Completion")):
                variables |= function["Environment"]["Variables"]
    with socket.socket() as listening, tempfile.TemporaryDirectory() as scratch:
        listening.bind(("127.0.0.1", 0))
        listening.listen(BACKLOG)
        env = {
            **aws_environment(stack.aws.url, Path(scratch)),
            **variables,
            "POWERTOOLS_LOG_LEVEL": "ERROR",
            "PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}",
        }
        command = [sys.executable, "-m", "tests.load.gateway", str(listening.fileno())]
        processes = [
            subprocess.Popen(command, env=env, pass_fds=[listening.fileno()], cwd=ROOT)
            for _ in range(environments)
        ]
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()


async def _ask(
    url: str, key: str, persona: str, callers: int, requests: int
) -> tuple[Counter[str], list[float]]:
    answered: Counter[str] = Counter()
    milliseconds: list[float] = []
    left = iter(range(requests))
    body = {"model": persona, "messages": [{"role": "user", "content": "밥 먹었어?"}], "max_tokens": 32}
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx2.Limits(max_connections=callers, max_keepalive_connections=0)
    async with httpx2.AsyncClient(
        limits=limits, timeout=PATIENCE, trust_env=False, headers=headers
    ) as client:

        async def caller() -> None:
            for _ in left:
                began = time.perf_counter()
                try:
                    answer = await client.post(f"{url}/v1/chat/completions", json=body)
                except httpx2.HTTPError as error:
                    answered[type(error).__name__] += 1
                    continue
                kind = str(answer.status_code)
                if kind == "200":
                    milliseconds.append((time.perf_counter() - began) * 1000)
                elif kind != str(REFUSED):
                    kind = f"{kind} {_code_of(answer.text)}"
                answered[kind] += 1

        await asyncio.gather(*(caller() for _ in range(callers)))
    return answered, milliseconds


def _code_of(text: str) -> str:
    try:
        return str(json.loads(text)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return text[:80]
