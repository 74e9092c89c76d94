"""Counts tokens exactly as OpenAI's models do, without a network.

tiktoken is the reference. Where ``rs-bpe`` is installed too (``pip install maltu[fast]``) it counts instead,
in less than half the time; a test holds its counts to tiktoken's. Neither counts a word twice.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import TYPE_CHECKING, Any

from maltu.dataset.ranks import RANK_FILES, RANKS_DIRECTORY, directory_of
from maltu.dataset.words import ByWords

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.dataset.ranks import Encoding


class RanksMissing(RuntimeError):
    """The token ranks are not installed: a mistake of the deployment, not of an owner."""


def open_tokenizer(name: Encoding) -> Callable[[str], int]:
    """Load an encoding and give the function that counts a text's tokens.

    Special tokens such as ``<|endoftext|>`` count as the text they are in a chat.

    Raises:
        RanksMissing: the encoding's rank file is absent or damaged, and tiktoken needs it.
    """
    try:
        bpe: Any = importlib.import_module("rs_bpe.bpe")  # it has no stubs
    except ImportError:
        return ByWords(tiktoken_counter(name))
    return ByWords(_fast_counter(getattr(bpe.openai, name)().count, name))


def tiktoken_counter(name: Encoding) -> Callable[[str], int]:
    """Load an encoding (about 0.3 s, 70 MB) and give the reference for ``open_tokenizer``.

    Raises:
        RanksMissing: the encoding's rank file is absent or damaged.
    """
    directory = directory_of(RANK_FILES[name])
    # tiktoken would delete a file that is not right and try to download it.
    if directory is None:
        raise RanksMissing(
            f"The ranks of {name} are missing or damaged in {RANKS_DIRECTORY}: run "
            "python shared/fetch_ranks.py, or pip install bpe-openai"
        )
    os.environ["TIKTOKEN_CACHE_DIR"] = str(directory)
    import tiktoken  # noqa: PLC0415 - a function that counts nothing starts 20 ms earlier without it

    # One call per text: the batch call is several times slower on short texts.
    encode = tiktoken.get_encoding(name).encode_ordinary
    return lambda text: len(encode(text))


def _fast_counter(fast: Callable[[str], int], name: Encoding) -> Callable[[str], int]:
    reference = cache(tiktoken_counter)

    def count(text: str) -> int:
        try:
            return fast(text)
        except UnicodeEncodeError:
            # Half an emoji, as JSON exports can hold.
            return reference(name)(text)

    return count
