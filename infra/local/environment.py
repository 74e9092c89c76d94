"""The environment that local processes get: nothing of the person's accounts, and AWS on loopback only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REGION = "us-east-1"
# The local endpoint reads the account from the access key.
ACCOUNT = "000000000000"
ACCESS_KEY = "000000000000"
SECRET_KEY = "local"  # noqa: S105 - opens the endpoint on loopback, which anybody on this machine may use

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TERM", "SSL_CERT_FILE")
_OTHER_ACCOUNTS = ("AWS_", "OPENAI_", "SAM_CLI_", "VIRTUAL_ENV", "PYTHON")


def aws_environment(endpoint: str, scratch: Path) -> dict[str, str]:
    """An environment in which every AWS client talks to ``endpoint`` and knows no other credentials.

    Only what is named here is passed on: the functions inherit it, and a person's own OPENAI_API_KEY or
    AWS_PROFILE would steer them.
    """
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        **_isolated(scratch),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


def build_environment(scratch: Path) -> dict[str, str]:
    """The person's environment, whose package settings the build needs, without their accounts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OTHER_ACCOUNTS)}
    return {**kept, **_isolated(scratch)}


def _isolated(scratch: Path) -> Mapping[str, str]:
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(scratch / "sam-home"),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "TMPDIR": str(scratch),
        # A Docker that answers would be asked for; this chain has no use for one.
        "DOCKER_HOST": f"unix://{scratch / 'no-docker'}",
    }
