"""Fetch OpenAI's token ranks, so that tokens are counted exactly and without a network.

tiktoken downloads them when it first counts, which a Lambda without internet access cannot. A wheel on the
package index that is pinned by its hash carries the same files; they are checked once more by their own.

Run as ``python shared/fetch_ranks.py [directory]``; does nothing where the files are already right.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maltu.dataset.ranks import RankFile

_HERE = Path(__file__).resolve().parent


def _module_of_ranks() -> Any:  # noqa: ANN401 - a module
    """Load the one module without its package, whose requirements may not be installed."""
    spec = spec_from_file_location("ranks", _HERE / "maltu" / "dataset" / "ranks.py")
    assert spec is not None  # noqa: S101 - the file stands beside this one
    assert spec.loader is not None  # noqa: S101 - as above
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_RANKS = _module_of_ranks()


def main(directory: Path) -> None:
    """Put every missing or wrong rank file into ``directory``.

    Raises:
        SystemExit: the wheel cannot be had, or holds something else.
    """
    missing = [
        ranks for ranks in _RANKS.RANK_FILES.values() if not _RANKS.is_right(directory / ranks.file, ranks)
    ]
    if not missing:
        return
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(_download(Path(folder))) as wheel:
        for ranks in missing:
            _write(wheel, ranks, directory)


def _download(folder: Path) -> Path:
    requirements = _HERE / "ranks.txt"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    wanted = [
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "-r",
        str(requirements),
        "-d",
        str(folder),
    ]
    if subprocess.run([*pip, *wanted], check=False).returncode:  # noqa: S603 - its arguments stand above
        raise SystemExit(f"pip could not download what {requirements} pins.")
    return next(folder.glob("*.whl"))


def _write(wheel: zipfile.ZipFile, ranks: RankFile, directory: Path) -> None:
    content = gzip.decompress(wheel.read(f"bpe_openai/data/{ranks.name}.tiktoken.gz"))
    partial = directory / f"{ranks.file}.{os.getpid()}"
    partial.write_bytes(content)
    if not _RANKS.is_right(partial, ranks):
        partial.unlink()
        raise SystemExit(f"The wheel's {ranks.name} is not the file that tiktoken expects.")
    partial.replace(directory / ranks.file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _RANKS.RANKS_DIRECTORY)
