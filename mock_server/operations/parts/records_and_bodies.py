"""What several operations do alike: find or refuse, take from a body, stamp a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.call import Reply
from mock_server.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.call import Call
    from mock_server.store import Store
    from mock_server.store.tables import Record

NO_CONTENT = Reply(204)


def found(record: Record | None, otherwise: str) -> Record:
    """The record.

    Raises:
        NotFound: with the given sentence, when there is none.
    """
    if record is None:
        raise NotFound(otherwise)
    return record


def by_id(call: Call, kind: str, otherwise: str, parameter: str = "id") -> Record:
    """The record that the path names by its id.

    Raises:
        NotFound: with the given sentence, when there is none.
    """
    return found(call.store.get(kind, call.path[parameter]), otherwise)


def sent(call: Call) -> Mapping[str, Any]:
    """The body's fields that the client sent; nothing for a body that is absent or null."""
    return call.body if isinstance(call.body, dict) else {}


def full(call: Call) -> Mapping[str, Any]:
    """The body with its defaults; nothing for a body that is absent or null."""
    return call.full if isinstance(call.full, dict) else {}


def touch(store: Store, kind: str, identity: str, /, **changes: Any) -> Record:
    """Change fields of a record and its `updated`."""
    return store.update(kind, identity, **changes, updated=store.tick_coarsely())


def newborn(store: Store, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fields that every new record has.

    Args:
        store: where the record will be.
        fields: what a fixture says of `id`, `created` and `updated`; a request says nothing.
    """
    given = fields or {}
    now = store.tick()
    return {
        "id": given.get("id") or store.new_id(),
        "created": given.get("created") or now,
        "updated": given.get("updated") or now,
    }
