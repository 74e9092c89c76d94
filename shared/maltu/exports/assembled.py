"""How every txt export is read: whole lines go in, the messages that have ended come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from maltu.errors import UnreadableExport
    from maltu.exports.message import Columns


class Assembler(Protocol):
    """Puts messages together from their lines, of which the last one may go on."""

    def take(self, lines: str) -> Columns | None:
        """Take whole lines; give the messages that ended before or in them."""
        ...

    def last(self) -> Columns | None:
        """Give the message whose lines were taken last."""
        ...


def assembled(
    blocks: Iterable[str], messages: Assembler, *, no_messages: Callable[[], UnreadableExport]
) -> Iterator[Columns]:
    """Yield the messages in blocks of whole lines.

    Raises:
        UnreadableExport: there is none, as ``no_messages`` says it; or one cannot be put together.
    """
    found = False
    for lines in blocks:
        if columns := messages.take(lines):
            found = True
            yield columns
    if columns := messages.last():
        found = True
        yield columns
    if not found:
        raise no_messages()
