"""Operations on automations; the mock has none, and says so."""

from __future__ import annotations

from mock_server.call import Call, Reply


def read_automations_related_to_resource(_: Call) -> Reply:
    """The automations that act on a resource: none."""
    return Reply(200, [])


def delete_automations_owned_by_resource(_: Call) -> Reply:
    """Delete the automations that a resource owns: there are none to delete."""
    return Reply(202, None)
