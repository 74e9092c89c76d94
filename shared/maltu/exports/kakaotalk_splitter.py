"""Where names end in the text exports of KakaoTalk for Android and iOS."""

from __future__ import annotations

from collections import defaultdict

from maltu.exports.lookup import Lookup

# What behind a record's stamp may be a name, and the sign that ends it. A name with a colon is told from a
# text by what follows.
MARK_WITH_NAME = r", [^:\n]* : |, "

_NAME_END = " : "
_LONGEST_NAME = 20
_LEAST_OF_A_NAME = 3


class NameSplitter:
    """Tells names from texts; knows the names that contain the sign that ends a name."""

    def __init__(self, rests: list[str], room: str | None) -> None:
        """Learn from what stands behind the stamps of a file's first records, and from the room's title."""
        seconds: defaultdict[str, list[str]] = defaultdict(list)
        for rest in rests:
            name, found, text = rest.partition(_NAME_END)
            if found:
                second, found, _ = text.partition(_NAME_END)
                seconds[name].append(second if found and len(second) <= _LONGEST_NAME else "")
        self._names = Lookup(_name_in)
        self._longer = {
            name: parts[0] + _NAME_END
            for name, parts in seconds.items()
            if parts[0]
            and len(set(parts)) == 1
            and (len(parts) >= _LEAST_OF_A_NAME or room == f"{name}{_NAME_END}{parts[0]}")
        }

    def split(self, marks: list[str], texts: list[str]) -> list[str]:
        """Give the names that records' marks have; the others are taken off the texts.

        Args:
            marks: a comma or a colon, with all that ``MARK_WITH_NAME`` matches.
            texts: what stands behind the marks.

        Returns:
            The senders; empty where KakaoTalk speaks.
        """
        senders = list(map(self._names.__getitem__, marks))
        if "" in senders or not self._longer.keys().isdisjoint(senders):
            for at, sender in enumerate(senders):
                if not sender or sender in self._longer:
                    senders[at], texts[at] = self._split(marks[at], texts[at])
        return senders

    def _split(self, mark: str, text: str) -> tuple[str, str]:
        rest = mark[2:] + text
        if mark.startswith(":"):
            return "", rest
        name, found, said = rest.partition(_NAME_END)
        if "\n" in name or not found:
            return _without_text(rest)
        second = self._longer.get(name)
        if second is None or not said.startswith(second):
            return name, said
        return name + _NAME_END + second.removesuffix(_NAME_END), said[len(second) :]


def _name_in(mark: str) -> str:
    return mark[len(", ") : -len(_NAME_END)]


def _without_text(rest: str) -> tuple[str, str]:
    """Split a record that has no text, its last space cut off by an editor; else KakaoTalk speaks."""
    name, line_end, more = rest.partition("\n")
    said = name.removesuffix("\r")
    return (said[:-2], line_end + more) if said.endswith(" :") else ("", rest)
