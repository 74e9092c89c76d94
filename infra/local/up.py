"""``python -m infra.local.up``: keep the whole chain up on this machine until it is told to stop."""

from __future__ import annotations

import json
import os
import shlex
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from infra.local.drop import SAMPLE_PERSONA, SAMPLES
from infra.local.environment import ACCESS_KEY, REGION, SECRET_KEY
from infra.local.provider import chosen_protocol, chosen_tuning
from infra.local.stack import running_stack
from infra.local.terminal import Clock, run
from infra.local.workspace import BUILD, PYTHON

if TYPE_CHECKING:
    from infra.local.stack import Stack

STATE = BUILD / "local.json"


def main() -> None:
    """Bring the stack up, say how to use it, and wait for Ctrl-C or SIGTERM."""
    clock = Clock()
    chosen = os.environ.get("KEEP")
    kept = Path(chosen).expanduser().resolve() if chosen else None
    with running_stack(
        "local", clock.say, protocol=chosen_protocol(), tuning=chosen_tuning(), kept=kept
    ) as stack:
        _publish(stack)
        try:
            print(usage(stack, kept), flush=True)
            _wait_for_the_end()
        finally:
            STATE.unlink(missing_ok=True)
            clock.say("stopping")


def _wait_for_the_end() -> None:
    # Being told to stop is how this command succeeds.
    with suppress(SystemExit):
        while True:
            signal.pause()


def _publish(stack: Stack) -> None:
    state = {
        "page": stack.page,
        "endpoint": stack.endpoint,
        "api_key": stack.api_key,
        "bucket": stack.bucket,
        "aws_endpoint": stack.aws.url,
        "fine_tuning_endpoint": stack.provider.url,
        "pid": os.getpid(),
    }
    # Whoever waits for the file must never see half of it.
    unfinished = STATE.with_suffix(".tmp")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(STATE)


def usage(stack: Stack, kept: Path | None) -> str:
    """What a person can paste into another terminal."""
    credentials = (
        f"AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY} AWS_REGION={REGION} "
        f"AWS_ENDPOINT_URL={stack.aws.url}"
    )
    sample = os.path.relpath(next(SAMPLES.glob("*.csv")))
    target = f"s3://{stack.bucket}/exports/{SAMPLE_PERSONA}/"
    without_cli = (
        "import boto3, pathlib, sys; file = pathlib.Path(sys.argv[1]); "
        "boto3.client('s3').upload_file(file, sys.argv[2], f'exports/{sys.argv[3]}/{file.name}')"
    )
    body = json.dumps(
        {"model": SAMPLE_PERSONA, "messages": [{"role": "user", "content": "뭐해?"}]}, ensure_ascii=False
    )
    authorization = f"-H 'Authorization: Bearer {stack.api_key}'"
    end = (
        f"What is dropped and trained stays in {kept}."
        if kept
        else "What is dropped and trained is gone then; make local KEEP=path keeps it."
    )
    return f"""
The chain is up. Ctrl-C stops it. {end}

  bucket        {stack.bucket}
  page          {stack.page}
  endpoint      {stack.endpoint}
  API key       {stack.api_key}

Drop an export at exports/<persona>/ (--metadata speaker=<name> where the file does not name the speaker):
  {credentials} aws s3 cp {shlex.quote(sample)} {target}

The same without the AWS command line:
  {credentials} {shlex.quote(os.path.relpath(PYTHON))} -c {shlex.quote(without_cli)} \\
    {shlex.quote(sample)} {stack.bucket} {SAMPLE_PERSONA}

Watch its run:
  curl {authorization} {stack.endpoint}/v1/personas/{quote(SAMPLE_PERSONA)}

Ask it something:
  curl {authorization} -H 'Content-Type: application/json' \\
    -d {shlex.quote(body)} {stack.endpoint}/v1/chat/completions
"""


if __name__ == "__main__":
    run(main)
