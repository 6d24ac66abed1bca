"""Operations on the inputs of flow runs: texts that are kept for a run, by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mock_server.call import Call, Reply, Text
from mock_server.errors import Conflict
from mock_server.operations.parts import run_inputs
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, by_id, found, full
from mock_server.query.like import starts_with

if TYPE_CHECKING:
    from mock_server.store.tables import Record

NO_RUN: Final = "Flow run not found"
NOT_FOUND: Final = "Flow run input not found"
TAKEN: Final = "A flow run input with this key already exists."


def create_flow_run_input(call: Call) -> Reply:
    """Keep a text for a run."""
    store, request, run = call.store, full(call), by_id(call, "flow_runs", NO_RUN)["id"]
    if store.find("flow_run_inputs", flow_run_id=run, key=request["key"]) is not None:
        raise Conflict(TAKEN)
    run_inputs.keep(store, run, **{name: request[name] for name in ("key", "value", "sender")})
    return Reply(201, None)


def filter_flow_run_input(call: Call) -> Reply:
    """The inputs of a run whose keys start so, those kept first in front."""
    store, request = call.store, full(call)
    fits, limit = starts_with(request["prefix"]), request["limit"]
    matching = [
        record
        for record in store.group("flow_run_inputs", flow_run_id=call.path["id"])
        if fits(record["key"]) and record["key"] not in request["exclude_keys"]
    ]
    return Reply(200, matching if limit < 0 else matching[:limit])


def read_flow_run_input(call: Call) -> Reply:
    """The text that is kept under a key."""
    return Reply(200, Text(_input(call)["value"]))


def delete_flow_run_input(call: Call) -> Reply:
    """Forget what is kept under a key."""
    call.store.delete("flow_run_inputs", _input(call)["id"])
    return NO_CONTENT


def _input(call: Call) -> Record:
    run, key = call.path["id"], call.path["key"]
    return found(call.store.find("flow_run_inputs", flow_run_id=run, key=key), NOT_FOUND)
