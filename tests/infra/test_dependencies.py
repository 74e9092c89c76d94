"""What runs on Lambda imports only what is there: the layers' requirements and the runtime's boto3.

The style report's libraries are there for whoever installs the extra, and in a layer that one function has:
another layer carries the code, and nothing else that runs there loads it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

from tests.support.handlers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

IN_THE_RUNTIME = {"boto3", "botocore"}
OF_A_REQUIREMENT = {
    "aws_lambda_powertools": "aws-lambda-powertools",
    "pydantic_core": "pydantic",
    "sklearn": "scikit-learn",
    "typing_extensions": "aws-lambda-powertools",
}
# tiktoken loads it.
NOT_OURS = {"regex"}
STYLE = ROOT / "shared" / "maltu" / "style"


class AtRunTime(ast.NodeTransformer):
    """Leaves out what only type checkers read."""

    def visit_If(self, node: ast.If) -> ast.If | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(AtRunTime().visit(ast.parse(path.read_text("utf-8")))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def imported(path: Path) -> Iterator[str]:
    return (name.partition(".")[0] for name in imported_modules(path))


def needed_by(paths: Iterable[Path]) -> set[str]:
    """Give the requirements that the modules import, without what the runtime has."""
    ours = {"maltu", *(path.stem for path in ROOT.glob("functions/*/*.py"))}
    foreign = {name for path in paths for name in imported(path)} - sys.stdlib_module_names - ours
    return {OF_A_REQUIREMENT.get(name, name) for name in foreign - IN_THE_RUNTIME}


def requirements_of(path: Path) -> set[str]:
    return set(re.findall(r"^[\w-]+", path.read_text("utf-8"), re.MULTILINE))


def test_everything_imported_is_shipped() -> None:
    deployed = {*ROOT.glob("functions/*/*.py"), *ROOT.glob("shared/maltu/**/*.py")} - {*STYLE.glob("**/*.py")}
    layers = {path.stem: requirements_of(path) for path in ROOT.glob("shared/layers/*.in")}
    assert needed_by(deployed) == set().union(*layers.values()) - layers["style"] - NOT_OURS


def test_the_style_reports_libraries_are_its_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = needed_by(STYLE.glob("**/*.py"))
    assert needed == set(project["optional-dependencies"]["style"])
    assert needed == requirements_of(ROOT / "shared" / "layers" / "style.in")


def test_only_two_load_the_style_report_and_the_command_only_when_it_is_asked_for() -> None:
    everything = {*ROOT.glob("functions/**/*.py"), *ROOT.glob("shared/maltu/**/*.py")} - {
        *STYLE.glob("**/*.py")
    }
    importing = {
        f"{path.parent.name}/{path.name}"
        for path in everything
        if {"maltu.style.assess", "maltu.evaluation"} & {*imported_modules(path)}
    }
    assert importing == {"cli/style.py", "style_report/app.py", "maltu/evaluation.py"}
    code = "import sys, maltu.cli; print(*sys.modules)"
    loaded = subprocess.run(  # noqa: S603 - this Python, with these words
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "shared")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert not {"maltu.style", "numpy", "scipy", "sklearn", "sacrebleu"} & set(loaded)


def test_domain_code_knows_nothing_of_aws_or_vendors() -> None:
    for part in ("exports", "dataset", "style"):
        for path in (ROOT / "shared" / "maltu" / part).glob("**/*.py"):
            modules = set(imported(path))
            assert not modules & {"boto3", "botocore", "openai", "aws_lambda_powertools"}, path
            text = path.read_text("utf-8")
            assert "maltu.providers" not in text, path


def test_the_domain_does_not_need_powertools() -> None:
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
    assert not {"openai", "tiktoken", "orjson"} & set(loaded)
