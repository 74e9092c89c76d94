"""What every test may rely on: no real AWS, no real provider, nothing remembered between tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

# Before any client is made: nothing here can reach an account.
for name in list(os.environ):
    if name.startswith(("AWS_", "OPENAI_")):
        del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    POWERTOOLS_SERVICE_NAME="maltu",
    POWERTOOLS_LOG_LEVEL="CRITICAL",
)

from maltu import deployment  # noqa: E402 - boto3 reads the environment
from tests.support import boto  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Iterator

boto.read_once()
boto.share_clients()


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    deployment.forget()
    yield
    deployment.forget()
