"""What a provider says, without what it may quote of chats: its words are stored, logged and sent on.

Whoever refuses a dataset may quote a line of it. Names of models, fields and files stay readable; anything
else that stands in quotes or braces goes, and so does what is not ASCII, where chats are in such a script.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 300
LEFT_OUT: Final = "…"

# A quote that was cut off runs to the end.
_QUOTED: Final = re.compile(
    r"""
    \{.*\} | \{.*
    | \[\s*["'{].*\] | \[\s*["'{].*
    | “[^”]*(?:”|\Z) | ‘.*?(?:’(?!\w)|\Z) | «[^»]*(?:»|\Z)
    | "([^"]*)(?:"|\Z)
    | `([^`]*)(?:`|\Z)
    | (?<!\w)'(.*?)(?:'(?!\w)|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
# What nobody says in a chat: gpt-4.1-mini, n_epochs, train.jsonl.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-._:/][A-Za-z0-9]+)+", re.ASCII)
_OTHER_SCRIPTS: Final = re.compile(r"[^\x00-\x7f]+(?:\s+[^\x00-\x7f]+)*")


def repeatable(said: str) -> str:
    """Give what may be repeated of a provider's words, at most ``LONGEST`` characters."""
    unquoted = _QUOTED.sub(_unless_a_name, said)
    return _OTHER_SCRIPTS.sub(LEFT_OUT, unquoted)[:LONGEST]


def _unless_a_name(quoted: re.Match[str]) -> str:
    inside = next(filter(None, quoted.groups()), "")
    return quoted[0] if _NAME.fullmatch(inside) else LEFT_OUT
