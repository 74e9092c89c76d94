"""Opens exports that tests have written, and measures what reading them takes."""

from __future__ import annotations

import gc
import io
import tracemalloc
from collections import deque
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports import read_export

if TYPE_CHECKING:
    from maltu.exports import Message, Reading

# Everything but NUL, which no export contains, and surrogates, which UTF-8 cannot hold.
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
# What a person may be called and a line may hold: no control characters, no separators of lines.
plain = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Zs"]), min_size=1, max_size=12
)

# What stands in a JSON field where something else should.
_ODDITIES: list[object] = [
    *(None, True, False, 0, -1, 3, 10**18, 10**30, 1.5, 1e300, "", "x", "9" * 30, "2022-03-18T14:56:01Z"),
    *([], [[]], ["x"], [None], {}, {"a": 1}, {"text": {}}, [{"text": 1}], "0001-01-01T00:00:00"),
]
oddities = st.sampled_from(_ODDITIES)


def opened(content: str | bytes, *, name: str = "talk.txt") -> Reading:
    raw = content.encode() if isinstance(content, str) else content
    return read_export(io.BytesIO(raw), name=name)


def piped(content: str) -> Reading:
    """Open what cannot be read twice."""
    return read_export(io.BufferedReader(_Pipe(content.encode())), name="talk.txt")


def messages(content: str | bytes) -> list[Message]:
    return list(opened(content))


def read_or_refused(content: str | bytes) -> list[Message]:
    """Read; a refusal on purpose is an empty list, every other exception a bug."""
    try:
        return messages(content)
    except UnreadableExport:
        return []


def peak_bytes(content: bytes) -> int:
    """Give the most memory that reading takes, without what the content itself takes."""
    stream = io.BytesIO(content)
    # What the interpreter keeps for reuse is not counted, and a collection gives it back whenever it happens.
    gc.collect()
    tracemalloc.start()
    try:
        deque(read_export(stream, name="talk"), maxlen=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class _Pipe(io.RawIOBase):
    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._bytes = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  # any buffer that io hands in
        return self._bytes.readinto(buffer)
