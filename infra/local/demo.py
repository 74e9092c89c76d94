"""``python -m infra.local.demo``: the whole chain once, from a chat export to a persona that answers.

The environment chooses the file: ``EXPORT`` (a path; the sample where it is empty), ``SPEAKER`` (whose tone)
and ``PERSONA`` (what to call it); and with ``PROVIDER`` the protocol in which models are tuned and asked.
"""

from __future__ import annotations

import json
import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.drop import choose_export, drop, follow
from infra.local.endpoint import Endpoint
from infra.local.provider import chosen_protocol, chosen_tuning
from infra.local.stack import running_stack
from infra.local.terminal import Clock, run
from infra.local.workspace import BUILD, LocalRunError

if TYPE_CHECKING:
    from infra.local.drop import Export
    from infra.local.endpoint import Json
    from infra.local.stack import Stack

QUESTIONS = ("뭐해?", "오늘 저녁 뭐 먹을까?", "주말에 시간 돼?")
RESULT = BUILD / "demo.json"
SILENT_SECONDS = 1800


def main() -> None:
    """Run the chain, print what it does, and leave ``build/demo.json``."""
    clock = Clock()
    path = os.environ.get("EXPORT")
    export = choose_export(
        Path(path).expanduser() if path else None,
        speaker=os.environ.get("SPEAKER") or None,
        persona=os.environ.get("PERSONA") or None,
    )
    RESULT.unlink(missing_ok=True)
    with running_stack("demo", clock.say, protocol=chosen_protocol(), tuning=chosen_tuning()) as stack:
        endpoint = Endpoint.with_key(stack.endpoint, stack.api_key)
        clock.say(f"dropping {export.path.name} at {export.key}")
        drop(export, stack)
        version = follow(
            endpoint, export.persona, lambda state: clock.say(f"run: {state}"), seconds=SILENT_SECONDS
        )
        if version["status"] != "succeeded":
            raise LocalRunError(_why(version, export))
        replies = [_ask(endpoint, export.persona, prompt) for prompt in QUESTIONS]
        result = _result(export, version, replies, stack)
    RESULT.write_text(
        json.dumps({**result, "seconds": round(clock.seconds, 1)}, ensure_ascii=False, indent=2) + "\n",
        encoding="utf-8",
    )
    clock.say(f"stopped everything; the numbers are in {os.path.relpath(RESULT)}")


def _ask(endpoint: Endpoint, persona: str, prompt: str) -> Json:
    before = time.perf_counter()
    answer = endpoint.chat(persona, prompt)
    milliseconds = (time.perf_counter() - before) * 1000
    if not answer.ok:
        raise LocalRunError(f"The endpoint answered {answer.status}: {answer.body}")
    reply: str = answer.body["choices"][0]["message"]["content"]
    print(f"\n  > {prompt}")
    for bubble in reply.splitlines():
        print(f"  {persona}: {bubble}")
    return {"prompt": prompt, "reply": reply, "ms": round(milliseconds, 1)}


def _result(export: Export, version: Json, replies: list[Json], stack: Stack) -> Json:
    report: Json = version["report"]
    return {
        "persona": export.persona,
        "version": version["version"],
        "status": version["status"],
        "provider": version["provider"],
        "engine": stack.provider.engine,
        "model": stack.provider.models()[-1],
        "dataset": {
            "messages": report["messages"],
            "turns": report["turns"]["persona"] + report["turns"]["user"],
            "examples": report["examples"]["train"] + report["examples"]["validation"],
            "tokens": report["tokens"]["train"] + report["tokens"]["validation"],
        },
        "replies": replies,
    }


def _why(version: Json, export: Export) -> str:
    failure: Json = version.get("failure") or {}
    reason = f"The run {version['status']}: {failure.get('reason', 'no reason was recorded')}"
    if failure.get("error") != "UnknownSpeaker":
        return reason
    file = shlex.quote(str(export.path))
    return f"{reason}\nChoose one of them:\n\n  make demo EXPORT={file} SPEAKER='...'"


if __name__ == "__main__":
    run(main)
