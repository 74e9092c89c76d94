"""``python -m tests.load``: bring the stack up, drop many exports at once, then ask from many callers."""

from __future__ import annotations

import argparse
import platform
import sys

from infra.local.provider import Tuning
from infra.local.stack import running_stack
from infra.local.terminal import Clock, run
from tests.load import chat, exports


def main() -> None:
    """Print the figures; fail where something was lost or answered wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--personas", type=int, default=200)
    parser.add_argument("--noisy", type=int, default=50, help="exports of one more persona")
    parser.add_argument("--jobs", type=int, default=3, help="how many the provider has a place for")
    parser.add_argument("--job-seconds", type=float, default=2.0, help="how long each job takes there")
    parser.add_argument("--seconds", type=float, default=600, help="after how many the exports are given up")
    parser.add_argument("--callers", type=int, default=200)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--environments", type=int, default=4, help="processes that answer the callers")
    parser.add_argument("--concurrency", type=int, default=40, help="functions that run at a time")
    asked = parser.parse_args()
    clock = Clock()
    print(f"{platform.platform()}, Python {platform.python_version()}")
    with running_stack(
        "load",
        clock.say,
        tuning=Tuning(jobs=asked.jobs, queue_seconds=asked.job_seconds),
        concurrency=asked.concurrency,
        # As it is for hours on AWS: hundreds that look again every second would only slow each other down.
        longest_poll_seconds=60,
    ) as stack:
        good = exports.load(stack, clock, personas=asked.personas, noisy=asked.noisy, seconds=asked.seconds)
        good &= chat.load(
            stack, clock, callers=asked.callers, requests=asked.requests, environments=asked.environments
        )
    sys.exit(not good)


if __name__ == "__main__":
    run(main)
