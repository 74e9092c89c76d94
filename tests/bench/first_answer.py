"""One fresh function process: load it as Lambda does, answer its sample event, then go on answering.

Run by ``tests.bench.start`` with the path of ``functions/`` and what to start; prints seconds as JSON.
"""

import json
import sys
import time

FUNCTIONS, WHAT, WARM = sys.argv[1], sys.argv[2], int(sys.argv[3])


def start_the_sdk():
    """What every program that asks OpenAI pays."""
    import openai

    openai.OpenAI(api_key="key").chat.completions  # noqa: B018 - it loads its parts when they are touched


def start_the_function():
    """Load the function and give a call of it with its sample event."""
    sys.path[:0] = [f"{FUNCTIONS}/{WHAT}", f"{FUNCTIONS}/common", FUNCTIONS]
    import start

    with open(f"{FUNCTIONS}/../events/{WHAT}.json", encoding="utf-8") as file:
        event = json.load(file)
    return lambda: start.handler(event, Context())


class Context:
    """What Lambda tells a handler of its invocation."""

    function_name = "function"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id = "52fdfc07-2182-154f-163f-5f0f9a621d72"

    def get_remaining_time_in_millis(self):
        """Lambda's own name for it."""
        return 28_000


def waiting():
    """Count the seconds in which others are waited for, by port."""
    import urllib3

    waited = {}
    real = urllib3.connectionpool.HTTPConnectionPool.urlopen

    def urlopen(pool, *args, **kwargs):
        began = time.perf_counter()
        try:
            return real(pool, *args, **kwargs)
        finally:
            waited[pool.port] = waited.get(pool.port, 0.0) + time.perf_counter() - began

    urllib3.connectionpool.HTTPConnectionPool.urlopen = urlopen
    return waited


def main():
    if WHAT == "sdk":
        start_the_sdk()
        print(json.dumps({"cpu": time.process_time(), "at": time.monotonic(), "warm": []}))
        return
    ask = start_the_function()
    first = ask()
    told = {"cpu": time.process_time(), "at": time.monotonic(), "warm": []}
    assert first.get("statusCode", 200) == 200, first
    waited = waiting()
    for _ in range(WARM):
        waited.clear()
        began, cpu = time.perf_counter(), time.process_time()
        ask()
        total, cpu = time.perf_counter() - began, time.process_time() - cpu
        told["warm"].append({"total": total, "cpu": cpu, "waited": dict(waited)})
    print(json.dumps(told))


main()
