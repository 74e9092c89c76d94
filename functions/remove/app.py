"""Make one pass of a removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from task import logger, names_of, task

from maltu import deployment
from maltu.removal import identified, remove

if TYPE_CHECKING:
    from typing import Any


@task
def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Return how many things were removed; 0 says that nothing is left."""
    logger.append_keys(removal=event["id"])
    places = deployment.places()
    request = identified(event, places.workflow)
    logger.append_keys(**names_of(request))
    found = remove(request, places)
    logger.info("removed", extra={"removed": found["removed"], "done": found["done"]})
    return found
