"""Operations on artifacts, of which the mock keeps none."""

from __future__ import annotations

from mock_server.call import Call, Reply


def read_artifacts(_: Call) -> Reply:
    """What runs have left to be looked at."""
    return Reply(200, [])


def read_latest_artifacts(_: Call) -> Reply:
    """The latest artifact of each key."""
    return Reply(200, [])


def count_latest_artifacts(_: Call) -> Reply:
    """How many keys there are."""
    return Reply(200, 0)
