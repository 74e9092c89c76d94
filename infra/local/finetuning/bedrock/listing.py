"""Pages of summaries: filtered, sorted by creation, cut at ``maxResults``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.local.finetuning.bedrock.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.local.finetuning.store import Record

_PAGE = 100


def page(  # noqa: PLR0913  a List operation differs from the others in that many names
    summaries: Iterable[Record],
    members: Record,
    *,
    under: str,
    arn: str,
    name: str,
    created: str,
    equal: Mapping[str, str],
) -> Record:
    """Answer a List operation.

    Args:
        summaries: all there are, oldest first.
        members: what was asked.
        under: the output's member that holds the summaries.
        arn: the summary's member that ``nextToken`` continues behind.
        name: the summary's member that ``nameContains`` looks into.
        created: the summary's member that the bounds of time compare with.
        equal: by member of the request, the summary's member that must equal it.
    """
    before = next((members[key] for key in ("creationTimeBefore", "createdBefore") if key in members), "~")
    after = next((members[key] for key in ("creationTimeAfter", "createdAfter") if key in members), "")
    found = [
        each
        for each in summaries
        if members.get("nameContains", "") in each[name]
        and after < each[created] < before
        and all(members[asked] == each.get(has) for asked, has in equal.items() if asked in members)
    ]
    if members.get("sortOrder") != "Ascending":
        found.reverse()
    start = _start(found, members.get("nextToken"), arn)
    end = start + members.get("maxResults", _PAGE)
    shown: Record = {under: found[start:end]}
    return shown | ({"nextToken": found[end - 1][arn]} if end < len(found) else {})


def _start(found: list[Record], token: str | None, arn: str) -> int:
    if token is None:
        return 0
    for at, each in enumerate(found, 1):
        if each[arn] == token:
            return at
    raise invalid("The provided nextToken is invalid.")
