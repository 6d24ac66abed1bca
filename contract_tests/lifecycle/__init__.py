"""What becomes of a deployment over time: walks that create, change, run and delete, and look.

Each walk makes what it changes, under the run's prefix, so that nothing of others is touched. What
a server does by itself (the scheduler adds runs, due runs become late, a polled deployment becomes
ready) is left out of every comparison, or kept away: what is scheduled lies years ahead.
"""

from __future__ import annotations

import pytest


def judges(*rules: str) -> pytest.MarkDecorator:
    """The marker that says by which rules of the lifecycle a walk judges: `running.by_rule`."""
    return pytest.mark.judges(*(f"lifecycle.{rule}" for rule in rules))
