"""Which encoding a text is in, told from its first bytes."""

from __future__ import annotations

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Dates, names' brackets and line ends are ASCII in every export.
_LEAST_ASCII = 1 / 8
# The other byte is 0 in one of 256 syllables, 가 and 개 among them.
_ASCII_TO_HANGUL = 4
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def encoding_of(head: bytes, *, whole: bool) -> tuple[str, int]:
    """Tell the encoding of a text that starts with ``head``, and how many bytes its byte order mark takes.

    UTF-8 is the answer to whatever is neither UTF-16 nor CP949; decoding then names the wrong byte.

    Args:
        head: the first bytes.
        whole: whether there are no more, so that the last character must be complete.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    if 0 in head:
        return _utf16_of(head), 0
    if _decode(head, "utf-8", whole=whole) is None and _is_cp949(head, whole=whole):
        return "cp949", 0
    return "utf-8", 0


def _utf16_of(head: bytes) -> str:
    for encoding, high in (("utf-16-le", 1), ("utf-16-be", 0)):
        zeros = head[high::2].count(0)
        if (
            zeros >= len(head) / 2 * _LEAST_ASCII
            and head[1 - high :: 2].count(0) * _ASCII_TO_HANGUL <= zeros
            and "\n" in (_decode(head, encoding, whole=False) or "")
        ):
            return encoding
    return "utf-8"


def _is_cp949(head: bytes, *, whole: bool) -> bool:
    if _decode(head, "cp949", whole=whole) is None:
        return False
    # UTF-8 with a damaged byte may be valid CP949 too, but most of it is still UTF-8.
    wide = _NOT_ASCII.findall(head.decode(errors="replace"))
    return wide.count("\ufffd") * 2 > len(wide)


def _decode(head: bytes, encoding: str, *, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=whole)
    except UnicodeDecodeError:
        return None
