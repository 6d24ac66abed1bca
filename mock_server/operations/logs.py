"""Operations on logs: what runs and workers have to say, kept within a bound."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Call, Reply
from mock_server.operations.parts import event_filters, views
from mock_server.operations.parts.records_and_bodies import full, sent
from mock_server.operations.parts.search import window
from mock_server.operations.parts.small_filters import LOGS, predicate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mock_server.query.predicates import Predicate
    from mock_server.store import Store
    from mock_server.store.tables import Record

KEPT: Final = 20_000
"""How many lines are kept; older ones are forgotten, so that memory has a bound."""


def create_logs(call: Call) -> Reply:
    """Keep lines of logs."""
    store = call.store
    for line in call.full:
        now = store.tick()
        stamps = {"id": store.new_ordered_id(), "created": now, "updated": now}
        store.insert("logs", {**stamps, **_line(line)})
    _forget(store)
    return Reply(201, None)


def _line(given: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: given[key] for key in ("name", "level", "message")}
    ids = {key: given.get(key) for key in ("flow_run_id", "task_run_id")}
    return {**known, "timestamp": given["timestamp"].astimezone(UTC), **ids}


def _forget(store: Store) -> None:
    records = store.tables["logs"].records
    while len(records) > KEPT:
        store.delete("logs", next(iter(records)))


def read_logs(call: Call) -> Reply:
    """The lines that match, by time, one stretch of them."""
    limit, offset = window(call)
    matches = predicate_of(sent(call).get("logs"))
    found = [line for line in call.store.all("logs") if matches(line)]
    descending = full(call).get("sort") == "TIMESTAMP_DESC"
    found.sort(key=_time, reverse=descending)
    return Reply(200, [views.pick(line, views.LOG) for line in found[offset : offset + limit]])


def predicate_of(body: Mapping[str, Any] | None) -> Predicate:
    """The predicate of a filter of logs."""
    matches = predicate(LOGS, body)
    query = ((body or {}).get("text") or {}).get("query")
    if query is None:
        return matches
    contains = event_filters.text(query)
    return lambda line: matches(line) and contains(line["message"])


def _time(line: Record) -> datetime:
    told: datetime = line["timestamp"]
    return told
