"""The same pins give the same layer, whoever builds it and where; and the limits of what is deployed."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any

import pytest

from infra import sizes
from infra.sizes import MB, Function, Size
from tests.support.handlers import ROOT
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

# CPython 3.13's, from its Include/internal/pycore_magic_number.h: 3571, and what makes damage visible.
MAGIC = (3571).to_bytes(2, "little") + b"\r\n"
UNCHECKED = (0b01).to_bytes(4, "little")


@pytest.fixture(scope="module")
def builder() -> Any:  # noqa: ANN401 - a module
    spec = importlib.util.spec_from_file_location("build_layers", ROOT / "shared" / "layers" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def installed(site: Path, *, by: str, umask: int) -> Path:
    """Lay out a package as an installer leaves it: what differs from one to the next differs here."""
    before = os.umask(umask)
    files = {
        "said/__init__.py": "VOWELS = {'ㅏ', 'ㅓ', 'ㅗ'}\n",
        "said/fast.so": "binary",
        "said/__init__.pyi": "VOWELS: set[str]\n",
        "said/tests/test_said.py": "import said\n",
        "said/__pycache__/__init__.cpython-311.pyc": by,
        "said-1.0.dist-info/METADATA": "Name: said\n",
        "said-1.0.dist-info/licenses/LICENSE": "MIT\n",
        "said-1.0.dist-info/INSTALLER": by,
        "said-1.0.dist-info/RECORD": f"../bin/said,{site}\n",
        "said-1.0.dist-info/direct_url.json": f'{{"url": "{site}"}}',
        "bin/said": f"#!{site}/python\n",
        ".lock": "",
    }
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    os.umask(before)
    return site


def tree(site: Path) -> dict[str, tuple[int, bytes]]:
    paths = [path for path in site.rglob("*") if path.is_file()]
    return {str(path.relative_to(site)): (path.stat().st_mode, path.read_bytes()) for path in paths}


def test_the_same_pins_give_the_same_layer(builder: Any, tmp_path: Path) -> None:  # noqa: ANN401 - a module
    sites = [
        installed(tmp_path / "here", by="uv", umask=0o022),
        installed(tmp_path / "some" / "where else", by="pip", umask=0o077),
    ]
    for site in sites:
        builder.tidy(site, [])
        builder.compile_for_lambda(site)
        builder.fix_modes(site)
    here, elsewhere = map(tree, sites)
    assert here == elsewhere
    assert here.keys() == {
        "said/__init__.py",
        "said/fast.so",
        "said/__pycache__/__init__.cpython-313.pyc",
        "said-1.0.dist-info/METADATA",
        "said-1.0.dist-info/licenses/LICENSE",
    }
    bytecode = here["said/__pycache__/__init__.cpython-313.pyc"][1]
    assert bytecode[:8] == MAGIC + UNCHECKED
    assert b"/opt/python/said/__init__.py" in bytecode


def test_the_bytecode_is_of_lambdas_python(builder: Any) -> None:  # noqa: ANN401 - a module
    assert TEMPLATE["Globals"]["Function"]["Runtime"] == f"python{builder.VERSION}"
    assert TEMPLATE["Globals"]["Function"]["Architectures"] == ["arm64"]
    assert "aarch64-manylinux_2_28" in builder.FOR_LAMBDA


@pytest.mark.parametrize(
    ("name", "own", "layers", "over"),
    [
        ("Completion", 1000, [(11, 49)], False),
        ("Completion", 1000, [(12, 49)], True),
        ("Completion", 1000, [(11, 50)], True),
        ("Preprocess", 1000, [(3, 15), (4, 14)], False),
        ("Preprocess", 1000, [(4, 15), (4, 9)], True),
        ("Keys", MB, [], False),
        ("Keys", MB + 1, [], True),
        ("StyleReport", 1000, [(90, 262)], False),
        ("StyleReport", 1000, [(90, 263)], True),
    ],
)
def test_what_is_too_large_is_told(name: str, own: int, layers: list[tuple[int, int]], *, over: bool) -> None:
    by_name = {f"{at}": Size(packed * MB, unpacked * MB) for at, (packed, unpacked) in enumerate(layers)}
    function = Function(f"{name}Function", Size(own, own), tuple(by_name))
    assert bool([*sizes.too_large([function], by_name)]) is over
