"""One fresh function process: load it as Lambda does, answer its sample event, then go on answering.

Run by ``tests.bench.start`` with the folder of functions, what to start and how often to answer once warm.
Prints seconds as JSON. What it imports for itself counts as the function's, so it is next to nothing.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FUNCTIONS, WHAT, WARM = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Context:
    """What Lambda tells a handler of its invocation."""

    function_name = "function"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 28_000


def main() -> None:
    if WHAT == "sdk":
        # It loads its parts when they are touched.
        _ = importlib.import_module("openai").OpenAI(api_key="key").chat.completions
        print(json.dumps({"cpu": time.process_time(), "at": time.monotonic(), "warm": []}))
        return
    sys.path[:0] = [f"{FUNCTIONS}/{WHAT}", f"{FUNCTIONS}/common", FUNCTIONS]
    handler: Callable[..., Any] = importlib.import_module("start").handler
    with open(f"{FUNCTIONS}/../events/{WHAT}.json", encoding="utf-8") as file:  # noqa: PTH123 - see above
        event = json.load(file)
    first = handler(event, Context())
    told: dict[str, Any] = {"cpu": time.process_time(), "at": time.monotonic(), "warm": []}
    assert first.get("statusCode", 200) == 200, first
    waited = counted_waits()
    for _ in range(WARM):
        waited.clear()
        began, cpu = time.perf_counter(), time.process_time()
        handler(event, Context())
        total, cpu = time.perf_counter() - began, time.process_time() - cpu
        told["warm"].append({"total": total, "cpu": cpu, "waited": dict(waited)})
    print(json.dumps(told))


def counted_waits() -> dict[int, float]:
    """Count from now on the seconds in which others are waited for, by their ports."""
    pools: Any = importlib.import_module("urllib3.connectionpool").HTTPConnectionPool
    waited: dict[int, float] = {}
    real: Callable[..., Any] = pools.urlopen

    def urlopen(pool: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - urllib3's own
        began = time.perf_counter()
        try:
            return real(pool, *args, **kwargs)
        finally:
            waited[pool.port] = waited.get(pool.port, 0.0) + time.perf_counter() - began

    pools.urlopen = urlopen
    return waited


main()
