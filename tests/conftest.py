"""What every test may rely on: no real AWS, no real provider, nothing remembered between tests."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

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
from tests.support import boto, certificates  # noqa: E402 - same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xdist.remote import Producer


class OneStack(LoadScopeScheduling):
    """Module by module, but whatever deploys the stack is one: its tests share it, one after the other."""

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return "tests/e2e" if scope.startswith("tests/e2e/") else scope


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneStack | None:
    return OneStack(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes long begin first, so that no worker is left alone with it in the end."""
    long = ("tests/e2e/", "tests/workflow/", "tests/contract/")
    items.sort(
        key=lambda item: next((at for at, each in enumerate(long) if item.nodeid.startswith(each)), len(long))
    )


boto.read_once()
boto.share_clients()
certificates.read_once()
# The engine lora's environment has neither.
if importlib.util.find_spec("moto"):
    boto.let_moto_hear()
if importlib.util.find_spec("hypothesis"):
    from hypothesis import settings

    # Time by the clock tells how busy the machine is; what must not take long is measured in CPU time.
    settings.register_profile("maltu", deadline=None)
    settings.load_profile("maltu")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    deployment.forget()
    yield
    deployment.forget()
