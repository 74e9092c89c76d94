"""Who is who where a messenger gives its users ids: names change, and two people may share one."""

from __future__ import annotations

from maltu.exports.names import name_key


class Identities:
    """Gives every id one name, the first it is met with, and no two ids the same.

    Attributes:
        names: the names of the ids that were met, for a reader's loop.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._taken: dict[str, str] = {}

    def name_of(self, user_id: str, name: str) -> str:
        """Give the sender's name; the id itself stands in where there is none.

        Without an id the name is taken as it is; a second person of one name has the id behind it.
        """
        if not user_id:
            return name
        if (known := self.names.get(user_id)) is not None:
            return known
        chosen = name or user_id
        if self._taken.setdefault(name_key(chosen), user_id) != user_id:
            chosen = f"{chosen} ({user_id})"
        self.names[user_id] = chosen
        return chosen
