"""Which Prefect client a request says that it comes from: some answers depend on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT: Final = re.compile(r"prefect/(\d+\.\d+\.\d+[a-z.+0-9]*) \(API \S+\)$")

LEASES_SINCE: Final = Version("3.4.11")
OWN_SLOTS: Final = frozenset({Version("3.0.0rc20"), *(Version(f"3.0.{n}") for n in range(4))})


def client_version(headers: Mapping[str, str]) -> Version | None:
    """The release of the client, or None if it is none of Prefect's.

    Args:
        headers: of the request, names in lower case.
    """
    client = CLIENT.match(headers.get("user-agent", ""))
    if client is None:
        return None
    try:
        return Version(client[1])
    except InvalidVersion:
        return None


def renews_leases(client: Version | None) -> bool:
    """Whether a client renews the lease of a run's slot while the run goes on."""
    return client is not None and client >= LEASES_SINCE


def takes_slots(client: Version | None) -> bool:
    """Whether it is a worker that takes the slots of its runs by itself."""
    return client in OWN_SLOTS
