"""What each function loads before it can answer: whoever adds to it adds to every cold start.

Nothing is timed here, ``make bench`` does that; what takes long to import is told by name instead.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.handlers import ROOT

DEAR = {
    "aws_xray_sdk", "boto3", "botocore.session", "httpx", "httpx2", "ijson", "numpy", "openai", "orjson",
    "pandas", "pydantic", "requests", "s3transfer", "sacrebleu", "scipy", "sklearn", "tiktoken",
}  # fmt: skip
NOTHING: set[str] = set()
# Powertools loads botocore's own module, which is small.
AWS = {"botocore.session"}
ROUTES = {*AWS, "pydantic"}
READERS = {"ijson", "orjson"}
MEASURES = {"numpy", "sacrebleu", "scipy", "sklearn"}
FUNCTIONS = {
    "ask_approval": AWS,
    "authorizer": AWS,
    "check_access": AWS,
    "check_status": AWS,
    "clean_up": AWS,
    "completion": ROUTES,
    "create_fine_tune": AWS,
    "ensure_deployed": AWS,
    "exports": ROUTES | READERS,
    "kakao": AWS,
    "kakao_answer": AWS,
    "keys": ROUTES,
    "manage": ROUTES,
    "page": NOTHING,
    "preprocess": AWS | READERS,
    "remove": AWS,
    "style_report": AWS | MEASURES,
    "upload_dataset": AWS,
}

LOADED = "print(*sys.modules)"


def loaded(code: str, *path: str) -> set[str]:
    """Give the dear ones among what a fresh interpreter has loaded after ``code``."""
    lines = ["import sys", f"sys.path[:0] = {[str(ROOT / each) for each in (*path, 'shared')]}", code, LOADED]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "maltu"}
    answer = subprocess.run(  # noqa: S603 - this Python, with these words
        [sys.executable, "-c", "\n".join(lines)], env=environment, check=True, capture_output=True, text=True
    )
    return DEAR & set(answer.stdout.split())


def test_every_function_has_its_budget() -> None:
    assert {path.parent.name for path in ROOT.glob("functions/*/app.py")} == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_loads_what_it_needs_and_nothing_dear_besides(name: str) -> None:
    path = [f"functions/{name}", "functions/common", "functions"]
    assert loaded("import start; assert callable(start.handler)", *path) == FUNCTIONS[name]


@pytest.mark.parametrize(
    ("provider", "settings"),
    [("openai", {"api_key": "key", "base_url": ""}), ("bedrock", {"bucket": "b", "role_arn": "r"})],
)
def test_what_answers_loads_no_vendors_sdk_but_awss_own(provider: str, settings: dict[str, str]) -> None:
    opened = f"open_inference({provider!r}, {json.dumps(settings)}.__getitem__)"
    code = (
        f"from maltu.providers import open_inference; {opened}; from maltu import aws; aws.client('dynamodb')"
    )
    assert loaded(code) == AWS
