"""``make bench``: what the functions themselves cost, cold and warm, beside the provider's own time.

Cold: fresh processes in shuffled rounds, from the interpreter's start until the first answer is there. It is
told in CPU seconds, which hold none of what others take, and as a multiple of a program that does nothing but
open OpenAI's SDK. Warm: seconds of an answer less those in which the provider was waited for, and less AWS's
too. The functions are those that are deployed, in front of moto and a provider on loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from moto import mock_aws

from maltu import aws
from maltu.aws_json import BRIEF, DYNAMODB, Client
from maltu.table import Table
from tests.support import boto
from tests.support.aws_wire import moto_on_a_port

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).parents[2]
PROVIDER_SECONDS = 0.05
WARM = 30
PERSONA, VERSION, MODEL = "하준", "20261101t000000-abcdef", "ft:gpt-4.1-mini-2025-04-14:me::abc"
SDK = "OpenAI().chat.completions"
WARM_GOAL_MS = 15


@dataclass(frozen=True)
class Case:
    """A function, and the most that its start may take, as a multiple of the SDK's."""

    function: str
    provider: str = "openai"
    goal: float | None = None


CASES = {
    SDK: Case("sdk"),
    "completion, openai": Case("completion", goal=0.5),
    "completion, bedrock": Case("completion", "bedrock", goal=0.5),
    "authorizer": Case("authorizer"),
    "kakao": Case("kakao"),
    "page": Case("page"),
}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument(
        "--python", default=sys.executable, help="one with the layer's requirements and boto3"
    )
    asked = parser.parse_args()
    version = subprocess.run([asked.python, "-V"], check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - as asked
    print(f"{platform.platform()}, {version}, {os.cpu_count()} cores, {asked.rounds} rounds\n")
    cases = {
        name: case
        for name, case in CASES.items()
        if case.function == "sdk" or (ROOT / "functions" / case.function).exists()
    }
    with _provider() as provider, _aws() as around:
        # The first round writes the bytecode that a layer comes with.
        rounds = [_round(cases, asked.python, around, provider) for _ in range(asked.rounds + 1)][1:]
    _print_starts(cases, rounds)
    _print_answers(cases, rounds, provider)


def _print_starts(cases: dict[str, Case], rounds: list[dict[str, Any]]) -> None:
    print(
        f"{'until the first answer':28}{'CPU ms':>8}{'wall ms':>9}{'x SDK':>7}{'least':>7}{'most':>7}  goal"
    )
    for name, case in cases.items():
        cpu, wall = (median(each[name][kind] for each in rounds) * 1000 for kind in ("cpu", "wall"))
        ratios = [each[name]["cpu"] / each[SDK]["cpu"] for each in rounds]
        goal = f"at most {case.goal}" if case.goal else ""
        spread = f"{min(ratios):>7.2f}{max(ratios):>7.2f}"
        print(f"{name:28}{cpu:>8.0f}{wall:>9.0f}{median(ratios):>7.2f}{spread}  {goal}")


def _print_answers(cases: dict[str, Case], rounds: list[dict[str, Any]], provider: str) -> None:
    port = provider.rpartition(":")[2]
    print(f"\n{'a warm answer':28}{'CPU ms':>8}{'own ms':>9}{'with AWS, moto':>16}  goal")
    for name, case in cases.items():
        answers = [answer for each in rounds for answer in each[name]["warm"]]
        if not answers:
            continue
        cpu = median(each["cpu"] for each in answers)
        own = median(each["total"] - sum(each["waited"].values()) for each in answers)
        both = median(each["total"] - each["waited"].get(port, 0.0) for each in answers)
        goal = f"at most {WARM_GOAL_MS}" if case.goal else ""
        print(f"{name:28}{cpu * 1000:>8.1f}{own * 1000:>9.1f}{both * 1000:>16.1f}  {goal}")


def _round(cases: dict[str, Case], python: str, around: dict[str, str], provider: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, case in random.sample(list(cases.items()), len(cases)):
        environment = {
            **around,
            "PYTHONPATH": str(ROOT / "shared"),
            "PROVIDER": case.provider,
            "PROVIDER_BASE_URL": f"{provider}/v1",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": provider,
        }
        script = [python, str(Path(__file__).with_name("first_answer.py"))]
        began = time.monotonic()
        answer = subprocess.run(  # noqa: S603 - this Python, with these words
            [*script, str(ROOT / "functions"), case.function, str(WARM)],
            env=environment, check=False, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        if answer.returncode:
            raise SystemExit(f"{name} did not answer: {answer.stdout}")
        told = json.loads(answer.stdout.splitlines()[-1])
        seen[name] = {**told, "wall": told["at"] - began}
    return seen


class _Answering(BaseHTTPRequestHandler):
    """Answers a chat as OpenAI's hosts and Bedrock do, after ``PROVIDER_SECONDS``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(PROVIDER_SECONDS)
        bedrock = {
            "output": {"message": {"role": "assistant", "content": [{"text": "ㅇㅇ"}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7},
        }
        openai = {
            "choices": [{"index": 0, "message": {"content": "ㅇㅇ"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2},
        }
        body = json.dumps(bedrock if self.path.endswith("/converse") else openai).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - it says nothing
        """Keep the table clean."""


@contextmanager
def _provider() -> Generator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def _aws() -> Generator[dict[str, str]]:
    """Bring AWS up with what a function needs; give its environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": "maltu",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
        "TABLE_NAME": "table",
        "BUCKET_NAME": "bucket",
        "PROVIDER_BASE_URL": "",
        "BEDROCK_ROLE_ARN": "role",
        "ANSWER_FUNCTION": "nobody",
        "UPLOAD_ORIGINS": "",
    }
    os.environ.update(environment)
    boto.let_moto_hear()
    with mock_aws():
        filled = _fill()
        with moto_on_a_port() as url:
            yield {**environment, **filled, "AWS_ENDPOINT_URL": url.removesuffix("/v1")}


def _fill() -> dict[str, str]:
    dynamodb, secrets = aws.client("dynamodb"), aws.client("secretsmanager")
    dynamodb.create_table(
        TableName="table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    table = Table(Client(DYNAMODB, BRIEF), "table")
    table.put({"pk": "personas", "sk": PERSONA, "persona": PERSONA, "live_version": VERSION})
    table.put(
        {
            "pk": f"versions#{PERSONA}", "sk": VERSION, "persona": PERSONA, "version": VERSION,
            "status": "succeeded", "model_id": MODEL, "named": False,
            "settings": {"system_prompt": "너는 하준이다.", "format": "chat", "speaker": PERSONA},
        }
    )  # fmt: skip
    # As the sample events show it.
    values = {
        "API_KEY_SECRET_ARN": "KEY",
        "PROVIDER_SECRET_ARN": json.dumps({"api_key": "key"}),
        "KAKAO_SECRET_ARN": "SECRET",
    }
    return {
        name: secrets.create_secret(Name=name, SecretString=value)["ARN"] for name, value in values.items()
    }


if __name__ == "__main__":
    main()
