"""``make bench``: how long the local chain takes from a drop until its persona answers.

The real template on the local AWS endpoint, the real state machine and the default engine; the same sample is
dropped for one new persona after another. Seconds of the wall clock, for most of it is waiting: between two
questions to the provider, and for functions that start.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING

from infra.local.drop import choose_export, drop, follow
from infra.local.endpoint import Endpoint
from infra.local.stack import running_stack
from infra.local.terminal import run

if TYPE_CHECKING:
    from infra.local.stack import Stack

RUN_SECONDS = 600


def main() -> None:
    """Measure, and print the states and the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(
        f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores, {rounds} drops\n"
    )
    with running_stack("bench", lambda _: None) as stack:
        runs = [_drop_to_live(stack, f"bench-{at}") for at in range(rounds)]
    print(f"{'until':40}{'s':>7}{'least':>8}{'most':>8}")
    # What the provider says on the way differs from run to run.
    for name in (name for name in runs[0] if all(name in seconds for seconds in runs)):
        seen = [seconds[name] for seconds in runs]
        print(f"{name:40}{median(seen):>7.2f}{min(seen):>8.2f}{max(seen):>8.2f}")


def _drop_to_live(stack: Stack, persona: str) -> dict[str, float]:
    sample = choose_export(None, speaker=None, persona=None)
    export = replace(sample, persona=persona, speaker=sample.speaker or sample.persona)
    endpoint = Endpoint.with_key(stack.endpoint, stack.api_key)
    began = time.monotonic()
    reached: dict[str, float] = {}

    def seen(state: str) -> None:
        reached.setdefault(f"the run is seen to be {state}", time.monotonic() - began)

    drop(export, stack)
    version = follow(endpoint, persona, seen, seconds=RUN_SECONDS)
    if version["status"] != "succeeded":
        raise SystemExit(f"The run {version['status']}: {version.get('failure')}")
    reached["the persona is live"] = time.monotonic() - began
    answer = endpoint.chat(persona, "뭐해?")
    if not answer.ok:
        raise SystemExit(f"The endpoint answered {answer.status}: {answer.body}")
    reached["its first answer is there"] = time.monotonic() - began
    return reached


if __name__ == "__main__":
    run(main)
