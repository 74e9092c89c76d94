"""The token ranks that counting needs, as files: which, where, and whether they are right.

A checkout and the Lambda layer have them beside this module, put there by ``fetch_ranks.py``. An installed
package finds them in ``bpe-openai``, on which it depends for these files alone: pip brings and checks that
wheel on every platform, whereas fetching them while a wheel is built needs a network that isolated builds may
lack.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
from pathlib import Path
from typing import Literal, NamedTuple

Encoding = Literal["o200k_base", "cl100k_base"]

RANKS_DIRECTORY = Path(__file__).parent / "ranks"


class RankFile(NamedTuple):
    """One encoding's ranks.

    Attributes:
        name: the encoding.
        file: the name under which tiktoken looks for it in its cache: the SHA-1 of its address.
        sha256: of its content, as tiktoken expects it.
    """

    name: Encoding
    file: str
    sha256: str


RANK_FILES: dict[Encoding, RankFile] = {
    ranks.name: ranks
    for ranks in (
        RankFile(
            name="o200k_base",
            file="fb374d419588a4632f3f557e76b4b70aebbca790",
            sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        ),
        RankFile(
            name="cl100k_base",
            file="9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
            sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        ),
    )
}


def is_right(path: Path, ranks: RankFile) -> bool:
    """Tell whether the file is there and holds these ranks."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == ranks.sha256


def directory_of(ranks: RankFile) -> Path | None:
    """Find the folder that holds these ranks under tiktoken's name for them, or unpack them into one.

    Returns:
        The folder, or None where the ranks are neither here nor in an installed package.
    """
    if is_right(RANKS_DIRECTORY / ranks.file, ranks):
        return RANKS_DIRECTORY
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "maltu" / "ranks"
    if is_right(cache / ranks.file, ranks):
        return cache
    packed = _packed(ranks)
    if packed is None:
        return None
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f"{ranks.file}.{os.getpid()}"
    partial.write_bytes(gzip.decompress(packed.read_bytes()))
    if not is_right(partial, ranks):
        partial.unlink()
        return None
    return partial.replace(cache / ranks.file).parent


def _packed(ranks: RankFile) -> Path | None:
    try:
        package = importlib.util.find_spec("bpe_openai")
    except ValueError:  # it was kept from being imported
        return None
    if package is None or package.origin is None:
        return None
    packed = Path(package.origin).parent / "data" / f"{ranks.name}.tiktoken.gz"
    return packed if packed.is_file() else None
