"""Rows as KakaoTalk writes them, many at once: a bare date, then a name and a text in quotes.

Between two quotes there stands then a date, a name, a comma or a text, in turn: cut at the quotes, a block
falls into columns, in less time than the csv module takes for rows. Where anything in a block is written
otherwise, be it once, all of it is left to that module.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from maltu.exports.source import line_breaks

_DATE = "2022-12-17 13:55:24"
_COLONS = tuple(at for at, character in enumerate(_DATE) if character == ":")
_PARTS = 4
# Of so many parts one may be what a doubled quote leaves: putting those together is dear.
_DOUBLED = 8


class QuotedRows(NamedTuple):
    """Columns.

    Attributes:
        dates: as long as ``2022-12-17 13:55:24`` and with its colons.
        names: in UTF-8.
        texts: to the letter, with a NUL between any two.
        size: how many bytes the rows take.
        lines: how many lines they take, if no name has a line break.
    """

    dates: list[str]
    names: list[bytes]
    texts: str
    size: int
    lines: int


def quoted_rows(block: bytes, delimiter: bytes) -> QuotedRows | None:
    """Read a block's whole rows; None where there is none, or any is written otherwise."""
    parts = _without_doubled(block.split(b'"'))
    count = (len(parts) - 1) // _PARTS
    # A row is whole where its line is.
    if not parts[count * _PARTS].startswith((b"\n", b"\r\n")):
        count -= 1
    if count < 1:
        return None
    end = count * _PARTS
    rest = b'"'.join([part.replace(b'"', b'""') for part in parts[end:]])
    line_end = b"\n" if rest.startswith(b"\n") else b"\r\n"
    if not rest.startswith(line_end) or parts[2:end:_PARTS].count(delimiter) != count or b"\0" in block:
        return None
    try:
        dates = _dates(parts[0:end:_PARTS], line_end, delimiter)
        texts = b"\0".join(parts[3:end:_PARTS]).decode()
    except UnicodeDecodeError:
        return None
    if dates is None:
        return None
    size = len(block) - len(rest) + len(line_end)
    return QuotedRows(dates, parts[1:end:_PARTS], texts, size, lines=count + line_breaks(texts))


def _without_doubled(parts: list[bytes]) -> list[bytes]:
    """Put together what the doubled quotes in names and texts have cut.

    Parts outside of quotes are the first and every second one from there. An empty one stands where a quote
    follows a quote: inside of a text. What is not put together is taken for no row.
    """
    outside = parts[::2]
    at = 0
    with suppress(ValueError):  # there is no further one
        for _ in range(len(parts) // _DOUBLED):
            at = outside.index(b"", at)
            if not 0 < at < len(parts) // 2:
                return parts
            del outside[at]
            parts[2 * at - 1 : 2 * at + 2] = [b'"'.join((parts[2 * at - 1], parts[2 * at + 1]))]
    return parts


def _dates(parts: list[bytes], line_end: bytes, delimiter: bytes) -> list[str] | None:
    """Give the dates: each stands between the end of a line, but for the first, and a delimiter."""
    # In no part is a quote, so what holds for all of them together holds for each.
    dated = (line_end + b'"'.join(parts)).decode("ascii")
    before, after = line_end.decode(), delimiter.decode()
    width = len(before) + len(_DATE) + len(after) + len('"')
    count = len(parts)
    if (
        len(dated) != count * width - 1
        or dated[width - 1 :: width] != '"' * (count - 1)
        or any(dated[len(before) + colon :: width] != ":" * count for colon in _COLONS)
        or not dated.endswith(after)
    ):
        return None
    dates = dated[len(before) : -len(after)].split(f'{after}"{before}')
    return dates if len(dates) == count else None
