"""AWS's clients, made by botocore alone and from one session, for what answers do without.

boto3 adds to botocore what moves files and nothing else that is used here, and takes as long to import as
botocore does; a second session would read AWS's description of itself once more.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session

if TYPE_CHECKING:
    from botocore.config import Config


def client(service: str, config: Config | None = None) -> Any:  # noqa: ANN401 - the caller names the service's type
    """Open a client, in the region and with the credentials of the environment."""
    return _session().create_client(service, config=config)


def forget() -> None:
    """Read the environment anew for the next client."""
    _session.cache_clear()


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()
