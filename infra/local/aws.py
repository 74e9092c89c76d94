"""AWS on loopback."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
import botocore.exceptions
import botocore.session

from infra.local.environment import ACCESS_KEY, REGION, SECRET_KEY, aws_environment
from infra.local.processes import free_port, wait_for_http
from infra.local.workspace import MINISTACK

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

    from infra.local.processes import Children


@dataclass(frozen=True, slots=True)
class Aws:
    """The local AWS endpoint at ``url``; it runs at most ``concurrency`` functions at a time."""

    url: str
    concurrency: int | None = None

    @classmethod
    def on_free_port(cls, concurrency: int | None = None) -> Aws:
        """An endpoint that is not up yet."""
        return cls(f"http://127.0.0.1:{free_port()}", concurrency)

    def start(self, children: Children, *, elsewhere: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start it in the background; ``elsewhere`` names the services that its functions find elsewhere."""
        settings = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": self.url.rpartition(":")[2],
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_EXECUTOR": "local",
            "STATE_DIR": str(children.place.state / "ministack"),
            "S3_DATA_DIR": str(children.place.state / "s3"),
            **dict.fromkeys(("PERSIST_STATE", "S3_PERSIST"), "1" if children.place.kept else "0"),
            # The functions' roles are enforced, so that a missing permission shows before AWS does.
            "AUTH": "true",
        }
        if self.concurrency is not None:
            settings["LAMBDA_ACCOUNT_CONCURRENCY"] = str(self.concurrency)
        env = aws_environment(self.url, children.place.scratch)
        return children.start("ministack", [MINISTACK], env={**env, **settings, **elsewhere})

    def wait(self, process: subprocess.Popen[bytes], children: Children) -> None:
        """Wait until it is up.

        Raises:
            LocalRunError: it does not come up.
        """
        wait_for_http(f"{self.url}/_ministack/health", process, children.log("ministack"))

    @property
    def session(self) -> boto3.Session:
        """A session that knows this endpoint's credentials and none of the person's."""
        nothing = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        bare = botocore.session.Session(session_vars=nothing)
        bare.set_credentials(ACCESS_KEY, SECRET_KEY)
        return boto3.Session(botocore_session=bare, region_name=REGION)

    def function_logs(self) -> Iterator[str]:
        """What the functions have logged, a line each, after the name of its log group."""
        client = cast("Any", self.session).client("logs", endpoint_url=self.url)
        for group in client.describe_log_groups()["logGroups"]:
            name: str = group["logGroupName"]
            for event in client.filter_log_events(logGroupName=name)["events"]:
                yield f"{name.rpartition('/')[2]} {event['message'].rstrip()}"

    def keep_function_logs(self, children: Children) -> None:
        """Save what the functions logged, which the endpoint holds in memory only, as ``functions.log``."""
        with (
            suppress(botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError),
            children.log("functions").open("w", encoding="utf-8") as file,
        ):
            file.writelines(f"{line}\n" for line in self.function_logs())
