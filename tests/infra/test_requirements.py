"""What is shipped is what is tested."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.handlers import ROOT

PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)


def pins(name: str) -> set[tuple[str, str]]:
    return set(PIN.findall((ROOT / name).read_text("utf-8")))


def test_the_layers_hold_the_versions_that_the_tests_run_on() -> None:
    tested = pins("requirements/dev.txt")
    for layer in ROOT.glob("shared/layers/*.in"):
        wanted = set(re.findall(r"^[\w-]+", layer.read_text("utf-8"), re.MULTILINE))
        shipped = pins(str(layer.with_suffix(".txt")))
        assert wanted <= {name for name, _ in shipped}
        assert shipped <= tested


def test_every_requirement_has_its_hashes_and_names_no_index() -> None:
    for path in [*ROOT.glob("requirements/*.txt"), *ROOT.glob("shared/**/*.txt")]:
        text = path.read_text("utf-8")
        assert len(PIN.findall(text)) <= text.count("--hash=sha256:"), path
        assert "://" not in text, path
        assert "--index" not in text, path


@pytest.mark.parametrize("folder", ["functions/parts", "shared/layers/bytecode"])
def test_every_package_of_npms_has_its_hash_and_names_no_registry(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text("utf-8")
    packages: dict[str, dict[str, str]] = json.loads(text)["packages"]
    assert len(packages) > 3
    assert all(each["integrity"].startswith("sha512-") for name, each in packages.items() if name)
    assert "://" not in text
