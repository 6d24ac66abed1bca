"""The garbage collector of a process that does nothing but serve.

By itself it looks through all that lives each time that a quarter has been added to it. With some
thousand records in the state that is a tenth of a second in which nobody is answered, again and
again, and for nothing: records hold no cycles, so they are freed without it. Here it looks through
all by the clock instead, as seldom as keeps that a small part of the time. What is young is looked
at as ever.
"""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE: Final = 0.005
"""The part of the time that looking through all may take: less than what shows in a p99."""

LEAST_SECONDS: Final = 5.0
"""How long it is left alone in any case."""

NEVER: Final = 2**31 - 1


@contextmanager
def collected_by_the_clock() -> Iterator[None]:
    """Inside, old objects are looked at by `collect` alone, and those of before not at all.

    It is for who owns the process: a library that is served from a thread has no business here.
    """
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*thresholds[:2], NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def collect() -> None:
    """Look through all that lives, now and then, for as long as the event loop runs."""
    pause = LEAST_SECONDS
    while True:
        await asyncio.sleep(pause)
        began = time.perf_counter()
        gc.collect()
        pause = max(LEAST_SECONDS, (time.perf_counter() - began) / SHARE)
