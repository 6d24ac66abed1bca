"""Operations on variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mock_server.call import Call, Reply
from mock_server.errors import Conflict
from mock_server.operations.parts import views
from mock_server.operations.parts.orders import in_order
from mock_server.operations.parts.records_and_bodies import (
    NO_CONTENT,
    by_id,
    found,
    full,
    newborn,
    sent,
    touch,
)
from mock_server.operations.parts.search import window
from mock_server.operations.parts.small_filters import VARIABLES, predicate
from mock_server.store.tables import DuplicateKey

if TYPE_CHECKING:
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Variable not found."


def create_variable(call: Call) -> Reply:
    """Insert a variable."""
    store, request = call.store, full(call)
    record = {
        **newborn(store, request),
        "name": request["name"],
        "value": request["value"],
        "tags": request.get("tags") or [],
    }
    try:
        store.insert("variables", record)
    except DuplicateKey as error:
        raise Conflict(f"A variable with the name {record['name']!r} already exists.") from error
    return Reply(201, views.pick(record, views.VARIABLE))


def _named(call: Call) -> Record:
    return found(call.store.find("variables", name=call.path["name"]), NOT_FOUND)


def _by_id(call: Call) -> Record:
    return by_id(call, "variables", NOT_FOUND)


def read_variable(call: Call) -> Reply:
    """One variable by its id."""
    return Reply(200, views.pick(_by_id(call), views.VARIABLE))


def read_variable_by_name(call: Call) -> Reply:
    """One variable by its name."""
    return Reply(200, views.pick(_named(call), views.VARIABLE))


def update_variable(call: Call) -> Reply:
    """Change a variable, by its id."""
    return _update(call, _by_id(call))


def update_variable_by_name(call: Call) -> Reply:
    """Change a variable, by its name."""
    return _update(call, _named(call))


def _update(call: Call, variable: Record) -> Reply:
    touch(call.store, "variables", variable["id"], **sent(call))
    return NO_CONTENT


def delete_variable(call: Call) -> Reply:
    """Delete a variable, by its id."""
    call.store.delete("variables", _by_id(call)["id"])
    return NO_CONTENT


def delete_variable_by_name(call: Call) -> Reply:
    """Delete a variable, by its name."""
    call.store.delete("variables", _named(call)["id"])
    return NO_CONTENT


def read_variables(call: Call) -> Reply:
    """The variables that match, sorted, one stretch of them."""
    limit, offset = window(call)
    stretch = in_order(_matching(call), full(call).get("sort"))[offset : offset + limit]
    return Reply(200, [views.pick(variable, views.VARIABLE) for variable in stretch])


def count_variables(call: Call) -> Reply:
    """How many variables match."""
    return Reply(200, len(_matching(call)))


def _matching(call: Call) -> list[Record]:
    matches = predicate(VARIABLES, sent(call).get("variables"))
    return [record for record in call.store.all("variables") if matches(record)]
