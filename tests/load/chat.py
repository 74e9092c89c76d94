"""Many callers at once, each waiting for its answer before it asks again: whom answers what, and how fast."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import httpx2

from tests.load.counting import versions

if TYPE_CHECKING:
    from infra.local.stack import Stack
    from infra.local.terminal import Clock

PATIENCE = 60
# What a caller may meet beside an answer: it was told to come again later.
REFUSED = 429


def load(stack: Stack, clock: Clock, *, callers: int, requests: int) -> bool:
    """Ask ``requests`` times from ``callers`` at once; tell whether nobody got anything but an answer or a 429."""
    persona = next(each.persona for each in versions(stack) if each.status == "succeeded")
    clock.say(f"{requests} requests to {persona} from {callers} callers at once")
    began = time.monotonic()
    answered, milliseconds = asyncio.run(_ask(stack, persona, callers, requests))
    took = time.monotonic() - began
    inside = sorted(milliseconds)
    print(f"\n{'answers':44}{dict(answered)}")
    if inside:
        at = {share: inside[min(len(inside) - 1, len(inside) * share // 100)] for share in (50, 95, 99, 100)}
        shown = ", ".join(f"{share} % within {ms:,.0f}" for share, ms in at.items())
        print(f"{'milliseconds to a 200':44}{shown}")
    print(f"{'seconds in all':44}{took:.0f}   {requests / took:.1f} a second\n")
    return not answered.keys() - {"200", str(REFUSED)}


async def _ask(stack: Stack, persona: str, callers: int, requests: int) -> tuple[Counter[str], list[float]]:
    answered: Counter[str] = Counter()
    milliseconds: list[float] = []
    left = iter(range(requests))
    body = {"model": persona, "messages": [{"role": "user", "content": "밥 먹었어?"}], "max_tokens": 32}
    limits = httpx2.Limits(max_connections=callers, max_keepalive_connections=callers)
    headers = {"Authorization": f"Bearer {stack.api_key}"}

    async with httpx2.AsyncClient(
        limits=limits, timeout=PATIENCE, trust_env=False, headers=headers
    ) as client:

        async def caller() -> None:
            for _ in left:
                began = time.perf_counter()
                try:
                    answer = await client.post(f"{stack.endpoint}/v1/chat/completions", json=body)
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
        return text[:120]
