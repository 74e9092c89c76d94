"""What takes longer than there is time for says so, rather than be cut off."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from maltu.dataset import Masking
    from maltu.errors import MaltuError

_BUFFER_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long somebody may work.

    Attributes:
        over: whether the time is up.
        error: what to say then.
    """

    over: Callable[[], bool]
    error: Callable[[], MaltuError]

    def check(self) -> None:
        """Raise the error where the time is up."""
        if self.over():
            raise self.error()

    def open(self, path: Path) -> BinaryIO:
        """Open a file that can be read no longer than that."""
        return cast("BinaryIO", io.BufferedReader(_File(path, self), _BUFFER_BYTES))

    def over_all_of(self, masking: Masking) -> Masking:
        """Give what masks no longer than that: every text of a dataset passes it."""
        return _Masking(masking, self)


class _File(io.FileIO):
    def __init__(self, path: Path, deadline: Deadline) -> None:
        super().__init__(path)
        self._deadline = deadline

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  # any buffer that io hands in
        self._deadline.check()
        return super().readinto(buffer)


@dataclass(frozen=True, slots=True)
class _Masking:
    masking: Masking
    deadline: Deadline

    @property
    def counts(self) -> Mapping[Any, int]:
        return self.masking.counts

    def mask_all(self, texts: Sequence[str]) -> Sequence[str]:
        self.deadline.check()
        return self.masking.mask_all(texts)
