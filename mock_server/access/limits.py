"""How much of a request the mock takes, and how long it waits for it.

The released server has no such limits. These are generous; they keep a client that goes wild from
filling the memory, and tell it so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost.

    Attributes:
        max_body: bytes of a body.
        body_seconds: time from the end of a request's headers to the end of its body.
    """

    max_body: int = 10 * MEGABYTE
    body_seconds: float = 60.0


DEFAULT_LIMITS: Final = Limits()
