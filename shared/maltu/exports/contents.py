"""The exports that a file holds: one; all chats of an account; or a zip with several, some of them in parts.

An export is looked at first and read later, perhaps twice. Its parts are opened one after the other while
they are read, so that a zip with hundreds of rooms takes hundreds of readings but one file. An account's
file is read to its end once, for all of its chats.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Self

from maltu.errors import UnreadableExport
from maltu.exports.archive import SIGNATURE, Archive
from maltu.exports.parts import Part, is_room_of_its_own, put_together
from maltu.exports.reading import Reading, account_in, is_export, read_export, read_source
from maltu.exports.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    from maltu.exports.chats import Chat, Chats
    from maltu.exports.reading import Account

    OpenFile = Callable[[Path], AbstractContextManager[BinaryIO]]

# All of them are read side by side, and a long one has a file of its own on disk while it is: a process may
# have 1,024 open on AWS.
MAX_EXPORTS = 800


@dataclass(frozen=True, slots=True)
class Export:
    """One export.

    Attributes:
        path: the file that holds it.
        file: that file's own name, which may say more than the path.
        name: what the export is called, for messages to its owner.
        parts: where it is some of a zip's texts, their places there, in the order in which they are read.
        chat: where it is one chat of an account's file, its place among those.
        alone: whether it is a room that no other export of the file can be of.
    """

    path: Path
    file: str
    name: str
    parts: tuple[int, ...] = ()
    chat: int | None = None
    alone: bool = True

    @property
    def apart(self) -> Hashable:
        """What it shares with those that are certainly of other rooms; None where there are none."""
        return None if self.chat is None else (self.path, self.parts)


class Exports:
    """Opens files with exports; keep it open as long as what it gives is read."""

    def __init__(self, open_file: OpenFile = lambda path: path.open("rb")) -> None:
        """Open files with ``open_file``, every zip and every account's file once."""
        self._open_file = open_file
        self._files = ExitStack()
        self._archives: dict[Path, Archive] = {}
        self._accounts: dict[tuple[Path, tuple[int, ...]], tuple[Account, Chats]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def held_by(self, path: Path, *, name: str) -> list[Export]:
        """Find the exports in a file; one that is no zip and no account's is one, whatever is in it.

        Args:
            path: the file.
            name: its own name, which may say more than the path.

        Raises:
            UnreadableExport: a zip without an export, or one that cannot be read, or holds too much.
        """
        # What is no file, a pipe for instance, can be read only once.
        if not path.is_file():
            return [Export(path, name, name)]
        exports = (
            _exports_in(self._archive(path, name), path, name)
            if _is_zip(path)
            else [Export(path, name, name)]
        )
        return [chat for export in exports for chat in self._chats_of(export)]

    def read(self, export: Export) -> Reading:
        """Open an export, to be iterated once.

        Raises:
            UnreadableExport: no reader understands it; iterating the reading may raise it too.
        """
        if export.chat is not None and (account := self._account(export)):
            messenger, chats = account
            return _ChatReading(messenger, chats, chats.ended[export.chat])
        if not export.parts:
            return read_export(self._files.enter_context(self._open_file(export.path)), name=export.name)
        archive = self._archive(export.path, export.file)
        return _PartsReading([partial(archive.open, number) for number in export.parts])

    def _chats_of(self, export: Export) -> list[Export]:
        """Give the chats of an account's file; anything else is one export itself."""
        try:
            account = self._account(export)
        except UnreadableExport:
            # Whoever reads it says what is wrong, and reads the others.
            return [export]
        if account is None:
            return [export]
        _, chats = account
        if len(chats.ended) == 1:
            return [replace(export, chat=0)]
        return [
            replace(export, name=f"{chat.title or f'Chat {number + 1}'} in {export.name}", chat=number)
            for number, chat in enumerate(chats.ended)
        ]

    def _account(self, export: Export) -> tuple[Account, Chats] | None:
        key = (export.path, export.parts)
        if key not in self._accounts and len(export.parts) < 2:  # noqa: PLR2004 - no account is in parts
            with ExitStack() as opened:
                if export.parts:
                    source = self._archive(export.path, export.file).open(export.parts[0])
                else:
                    file = opened.enter_context(self._open_file(export.path))
                    source = Source(file, name=export.file)
                if messenger := account_in(source):
                    chats = messenger.read_account(source)
                    self._files.callback(chats.close)
                    self._accounts[key] = messenger, chats
        return self._accounts.get(key)

    def _archive(self, path: Path, name: str) -> Archive:
        if path not in self._archives:
            file = self._files.enter_context(self._open_file(path))
            self._archives[path] = Archive(file, name=name)
        return self._archives[path]


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


class _ChatReading(Reading):
    """One chat of an account's file."""

    def __init__(self, messenger: Account, chats: Chats, chat: Chat) -> None:
        self.format, self.cuts_at = messenger.FORMAT, messenger.CUTS_AT
        self.skipped, self.doubtful = Counter(chat.skipped), Counter()
        self._title = chat.title
        self._messages = chats.read(chat)

    @property
    def room(self) -> str | None:
        """The chat's name."""
        return self._title


class _PartsReading(Reading):
    """An export's parts as one; a part is opened when the one before it has been read."""

    def __init__(self, parts: Sequence[Callable[[], Source]]) -> None:
        # What the first part holds in memory is let go until it is read.
        first = read_source(parts[0]())
        self.format, self.cuts_at = first.format, first.cuts_at
        self.skipped, self.doubtful = Counter(), Counter()
        self._title = first.room
        self._messages = chain.from_iterable(self._readings(parts))

    @property
    def room(self) -> str | None:
        """The room's title, as the first part that has been read has it."""
        return self._title

    def _readings(self, parts: Sequence[Callable[[], Source]]) -> Iterator[Reading]:
        for open_part in parts:
            reading = read_source(open_part())
            yield reading
            self.skipped.update(reading.skipped)
            self.doubtful.update(reading.doubtful)
            self._title = self._title or reading.room


def _exports_in(archive: Archive, path: Path, name: str) -> list[Export]:
    texts = _texts_in(archive)
    exports = put_together([part for _, part in texts])
    if len(exports) > MAX_EXPORTS:
        raise UnreadableExport(
            f"{name} holds {len(exports):,} exports, more than {MAX_EXPORTS:,}. Unpack it and drop the chats "
            "that matter."
        )
    archive.check_size(texts[place][0] for places in exports for place in places)
    if len(exports) == 1:
        return [Export(path, name, name, tuple(texts[place][0] for place in exports[0]))]
    return [
        Export(
            path,
            name,
            f"{texts[places[0]][1].name} in {name}",
            tuple(texts[place][0] for place in places),
            alone=is_room_of_its_own(texts[places[0]][1]),
        )
        for places in exports
    ]


def _texts_in(archive: Archive) -> list[tuple[int, Part]]:
    """Find the texts that are exports; where there is but one text, it must be."""
    if len(archive.names) == 1:
        return [(0, Part(archive.names[0], read_source(archive.open(0)).format))]
    texts: list[tuple[int, Part]] = []
    for number, name in enumerate(archive.names):
        source = archive.open(number)
        try:
            texts.append((number, Part(name, read_source(source).format)))
        except UnreadableExport:
            # A damaged export is not passed over: whoever reads it says what is wrong.
            if is_export(source):
                texts.append((number, Part(name, "")))
    if not texts:
        raise archive.without_exports()
    return texts
