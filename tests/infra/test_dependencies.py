"""What runs on Lambda imports only what is there: the layer's requirements and the runtime's boto3."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.handlers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_THE_RUNTIME = {"boto3", "botocore"}
OF_A_REQUIREMENT = {
    "aws_lambda_powertools": "aws-lambda-powertools",
    "pydantic": "openai",
    "pydantic_core": "openai",
}


class AtRunTime(ast.NodeTransformer):
    """Leaves out what only type checkers read."""

    def visit_If(self, node: ast.If) -> ast.If | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(AtRunTime().visit(ast.parse(path.read_text("utf-8")))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_everything_imported_is_shipped() -> None:
    deployed = [*ROOT.glob("functions/*/*.py"), *ROOT.glob("shared/maltu/**/*.py")]
    ours = {"maltu", *(path.stem for path in ROOT.glob("functions/*/*.py"))}
    foreign = {name for path in deployed for name in imported(path)} - sys.stdlib_module_names - ours
    required = set(
        re.findall(r"^[\w-]+", (ROOT / "shared" / "requirements.in").read_text("utf-8"), re.MULTILINE)
    )
    needed = {OF_A_REQUIREMENT.get(name, name) for name in foreign - IN_THE_RUNTIME}
    assert needed == required


def test_domain_code_knows_nothing_of_aws_or_vendors() -> None:
    for part in ("exports", "dataset"):
        for path in (ROOT / "shared" / "maltu" / part).glob("**/*.py"):
            modules = set(imported(path))
            assert not modules & {"boto3", "botocore", "openai", "aws_lambda_powertools"}, path
            text = path.read_text("utf-8")
            assert "maltu.providers" not in text, path


def test_the_layer_does_not_need_powertools() -> None:
    for path in ROOT.glob("shared/maltu/**/*.py"):
        assert "aws_lambda_powertools" not in set(imported(path)), path


def test_the_endpoint_loads_no_reader_and_no_dataset() -> None:
    """Each costs every cold start; what both training and serving need stands outside them."""
    code = "import sys, maltu.serving, maltu.personas, maltu.deployment; print(*sys.modules)"
    environment = {"PYTHONPATH": str(ROOT / "shared"), "AWS_DEFAULT_REGION": "us-east-1"}
    loaded = subprocess.run(  # noqa: S603 - this Python, with these words
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    assert not [
        name for name in loaded if name.startswith(("maltu.exports", "maltu.dataset", "maltu.masking"))
    ]
    assert not {"openai", "tiktoken", "ijson"} & set(loaded)
