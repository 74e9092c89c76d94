"""What each function loads before it can answer: whoever adds to it adds to every cold start.

Nothing is timed here, ``make bench`` does that; what takes long to import is told by name instead.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.handlers import ROOT

# What makes AWS's clients is loaded by what opens one.
DEAR = {
    "aws_xray_sdk", "boto3", "botocore.session", "httpx", "httpx2", "numpy", "openai", "orjson",
    "pandas", "pydantic", "requests", "s3transfer", "sacrebleu", "scipy", "sklearn", "tiktoken",
}  # fmt: skip
NOTHING: set[str] = set()
ROUTES = {"pydantic"}
READERS = {"orjson"}
MEASURES = {"numpy", "sacrebleu", "scipy", "sklearn"}
FUNCTIONS = {
    "ask_approval": NOTHING,
    "authorizer": NOTHING,
    "check_access": NOTHING,
    "check_status": NOTHING,
    "clean_up": NOTHING,
    "completion": ROUTES,
    "create_fine_tune": NOTHING,
    "ensure_deployed": NOTHING,
    "exports": ROUTES | READERS,
    "interview": NOTHING,
    "kakao": NOTHING,
    "kakao_answer": NOTHING,
    "keys": ROUTES,
    "line": NOTHING,
    "manage": ROUTES,
    "page": NOTHING,
    "preprocess": READERS,
    "remove": NOTHING,
    "style_report": MEASURES,
    "upload_dataset": NOTHING,
}

LOADED = "print(*sys.modules)"


def loaded(code: str, *path: str) -> set[str]:
    """Give the dear ones among what a fresh interpreter has loaded after ``code``."""
    lines = ["import sys", f"sys.path[:0] = {[str(ROOT / each) for each in (*path, 'shared')]}", code, LOADED]
    environment = {
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        "POWERTOOLS_SERVICE_NAME": "maltu", "TABLE_NAME": "t",
    }  # fmt: skip
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
    ("provider", "settings"), [("openai", {"api_key": "key", "base_url": ""}), ("bedrock", {})]
)
def test_what_answers_loads_no_vendors_sdk_and_makes_no_client_of_awss(
    provider: str, settings: dict[str, str]
) -> None:
    opened = f"open_inference({provider!r}, {json.dumps(settings)}.__getitem__)"
    code = f"from maltu.providers import open_inference; from maltu import deployment; {opened}"
    assert loaded(f"{code}; deployment.registry(); deployment._secrets_manager()") == NOTHING
