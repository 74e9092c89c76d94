"""Many exports dropped at once: each ends in one version, and none waits for a noisy neighbour."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from tests.load.counting import ENDED, queued, resident_megabytes, runs, versions
from tests.support.dialogues import START, export

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.local.stack import Stack
    from infra.local.terminal import Clock
    from tests.load.counting import Version

NOISY, FIRST = "noisy", "first"
HANDS = 16
LOOK_SECONDS = 5


def load(stack: Stack, clock: Clock, *, personas: int, noisy: int, seconds: float) -> bool:
    """Drop one export of each persona and ``noisy`` of another at once; tell whether none was lost.

    Args:
        stack: that is up.
        clock: says what goes on.
        personas: how many.
        noisy: how many exports the noisy one drops beside them, all of one room.
        seconds: after how many this gives up.
    """
    _warm_up(stack, clock)
    began = time.monotonic()
    keys = dropped(stack, personas, noisy)
    clock.say(f"{len(keys)} exports of {personas + bool(noisy)} personas dropped in {_since(began):.0f} s")
    peak = 0.0
    while _since(began) < seconds:
        time.sleep(LOOK_SECONDS)
        peak = max(peak, resident_megabytes(os.getpid()))
        found = versions(stack)
        ended = [each for each in found if each.status in ENDED]
        clock.say(f"{len(ended)} of {len(found)} versions ended, {queued(stack, 'Drops')} drops in queues")
        held = frozenset[str]().union(*(each.exports for each in ended))
        if held >= keys and len(ended) == len(found):
            break
    return _report(stack, keys, took=_since(began), peak=peak)


def _warm_up(stack: Stack, clock: Clock) -> None:
    """See one run through: on this machine a function's first start takes longer than all of a run."""
    clock.say("one run, so that every function is warm")
    _put(stack, {f"exports/{FIRST}/chat.csv": export(persona=FIRST)})
    while not any(each.status in ENDED for each in versions(stack)):
        time.sleep(1)


def dropped(stack: Stack, personas: int, noisy: int) -> frozenset[str]:
    """Drop everything from several hands; return the keys."""
    bodies = {f"exports/p{number:04}/chat.csv": export(persona=f"p{number:04}") for number in range(personas)}
    for number in range(noisy):
        start = START + timedelta(days=20 * number)
        bodies[f"exports/{NOISY}/part-{number:04}.csv"] = export(persona=NOISY, start=start)
    # The noisy one's come first: nobody is served before it for having come before it.
    _put(stack, dict(sorted(bodies.items(), key=lambda each: (NOISY not in each[0], each[0]))))
    return frozenset(bodies)


def _put(stack: Stack, bodies: Mapping[str, str]) -> None:
    s3 = stack.aws.session.client("s3", endpoint_url=stack.aws.url)
    unmeasured = {"style_prompts": "0"}

    def put(key: str) -> None:
        s3.put_object(Bucket=stack.bucket, Key=key, Body=bodies[key].encode(), Metadata=unmeasured)

    with ThreadPoolExecutor(HANDS) as pool:
        list(pool.map(put, bodies))


def _report(stack: Stack, keys: frozenset[str], *, took: float, peak: float) -> bool:
    found = versions(stack)
    quiet = [each for each in found if each.persona not in {NOISY, FIRST}]
    noisy = [each for each in found if each.persona == NOISY]
    told = runs(stack)
    held = frozenset[str]().union(*(each.exports for each in found if each.status == "succeeded"))
    statuses = {status: sum(each.status == status for each in found) for status in {e.status for e in found}}
    print(f"\n{'exports dropped':44}{len(keys):>10,}")
    print(f"{'of these in a version that succeeded':44}{len(held & keys):>10,}")
    print(f"{'left in queues, or given up':44}{queued(stack, 'Drops'):>10,}")
    print(f"{'versions':44}{len(found):>10,}   {statuses}")
    print(f"{'executions':44}{told.statuses.total():>10,}   {dict(told.statuses)}")
    print(f"{'the provider had no place':44}{told.refused:>10,} times")
    middle, most = median(told.transitions), max(told.transitions)
    print(f"{'state transitions of a run':44}{middle:>10,.0f}   at most {most}")
    _print_waits("from drop to job, one export each", quiet)
    _print_waits(f"the same, the persona of {len(keys) - len(quiet)} exports", noisy)
    print(f"{'order kept among those that waited':44}{_in_order(quiet):>10.1%}")
    print(f"{'seconds in all':44}{took:>10,.0f}   {len(found) / took:.1f} versions a second")
    print(f"{'memory of everything, peak':44}{peak:>10,.0f} MB\n")
    one_each = len({each.persona for each in quiet}) == len(quiet)
    return held >= keys and one_each and all(each.status in ENDED for each in found)


def _print_waits(title: str, those: Sequence[Version]) -> None:
    waits = sorted(each.waited for each in those if "training" in each.reached)
    if waits:
        middle, late = waits[len(waits) // 2], waits[len(waits) * 95 // 100]
        print(f"{title:44}{middle:>10,.0f} s, 95 % below {late:,.0f}, at most {waits[-1]:,.0f}")


def _in_order(those: Sequence[Version]) -> float:
    """The share of pairs in which whoever joined the line earlier trained earlier, or in the same second."""
    waiting = sorted(
        (each.reached["queued"], each.reached["training"])
        for each in those
        if {"queued", "training"} <= each.reached.keys()
    )
    pairs = [
        (one, other) for at, one in enumerate(waiting) for other in waiting[at + 1 :] if one[0] < other[0]
    ]
    return sum(one[1] <= other[1] for one, other in pairs) / len(pairs) if pairs else 1.0


def _since(began: float) -> float:
    return time.monotonic() - began
