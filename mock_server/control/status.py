"""The mock at a glance: what most operations answer with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.call import Reply
from mock_server.clock import MockClock
from mock_server.control.controls import START
from mock_server.fixtures import shipped
from mock_server.journal.wanted import Wanted

if TYPE_CHECKING:
    from mock_server.control.asked import Asked
    from mock_server.control.controls import Controls


def status(asked: Asked) -> Reply:
    """The mock at a glance."""
    controls = asked.controls
    journal = controls.journal
    told = {
        "fixtures": controls.store.source,
        "sets": [*shipped(), START],
        "seed": controls.seed,
        "counts": controls.counts(),
        "clock": clock(controls),
        "faults": len(controls.faults),
        "snapshots": len(controls.snapshots),
        "journal": {
            "kept": len(journal),
            "most": journal.kept,
            "broke": journal.count(Wanted(broke=True)),
        },
    }
    return Reply(200, told)


def clock(controls: Controls) -> dict[str, Any]:
    """What the clock shows."""
    clock = controls.store.clock
    if not isinstance(clock, MockClock):
        return {"now": clock(), "frozen": False, "ahead": 0.0, "settable": False}
    ahead = round(clock.ahead.total_seconds(), 3)
    return {"now": clock(), "frozen": clock.frozen, "ahead": ahead, "settable": True}
