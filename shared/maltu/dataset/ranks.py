"""The token ranks that counting needs, as files: which, where, and whether they are right."""

from __future__ import annotations

import hashlib
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
