"""Operations on artifacts: what runs leave to be looked at, and the latest of each key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server import query
from mock_server.call import Call, Reply
from mock_server.operations.parts.records_and_bodies import (
    NO_CONTENT,
    by_id,
    found,
    full,
    newborn,
    sent,
    touch,
)
from mock_server.operations.parts.search import filters, window
from mock_server.operations.parts.small_filters import ARTIFACTS, LATEST_ARTIFACTS, predicate
from mock_server.operations.parts.views import pick

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_server.query.criteria import Criterion
    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Artifact not found."
CONTENT: Final = (
    *("key", "type", "description", "data", "metadata_", "flow_run_id", "task_run_id"),
)
SHOWN: Final = ("id", "created", "updated", *CONTENT)
OF_FLOW_RUNS: Final = ("flows", "flow_runs", "deployments")


def create_artifact(call: Call) -> Reply:
    """Keep an artifact, and make it the latest of its key."""
    store = call.store
    record = {**newborn(store), **{name: full(call).get(name) for name in CONTENT}}
    # A new one was changed when it was made, to the instant.
    store.insert("artifacts", {**record, "updated": record["created"]})
    if record["key"] is not None:
        _make_latest(store, record)
    return Reply(201, pick(store.tables["artifacts"].records[record["id"]], SHOWN))


def _make_latest(store: Store, record: Record) -> None:
    content = {name: record[name] for name in CONTENT}
    entry = store.find("artifact_keys", key=record["key"])
    if entry is None:
        made = {"id": store.new_id(), "created": record["created"]}
        updated = {"updated": record["created"], "latest_id": record["id"]}
        store.insert("artifact_keys", {**made, **updated, **content})
    else:
        changes = {"latest_id": record["id"], "updated": record["created"], **content}
        store.update("artifact_keys", entry["id"], **changes)


def read_artifact(call: Call) -> Reply:
    """One artifact by its id."""
    return Reply(200, pick(by_id(call, "artifacts", NOT_FOUND), SHOWN))


def read_latest_artifact(call: Call) -> Reply:
    """What a key shows."""
    entry = call.store.find("artifact_keys", key=call.path["key"])
    return Reply(200, pick(found(entry, NOT_FOUND), SHOWN))


def update_artifact(call: Call) -> Reply:
    """Change an artifact, and what its key shows if it is the latest."""
    store, record = call.store, by_id(call, "artifacts", NOT_FOUND)
    changed = touch(store, "artifacts", record["id"], **sent(call))
    for entry in store.group("artifact_keys", latest_id=record["id"]):
        store.update("artifact_keys", entry["id"], **sent(call), updated=changed["updated"])
    return NO_CONTENT


def delete_artifact(call: Call) -> Reply:
    """Delete an artifact; the one made before it is the latest of its key, then."""
    store, record = call.store, by_id(call, "artifacts", NOT_FOUND)
    store.delete("artifacts", record["id"])
    for entry in list(store.group("artifact_keys", latest_id=record["id"])):
        left = store.group("artifacts", key=record["key"])
        before = max(left, key=lambda one: one["created"], default=None)
        if before is None:
            store.delete("artifact_keys", entry["id"])
        else:
            shown = {name: before[name] for name in ("created", "updated", *CONTENT)}
            store.update("artifact_keys", entry["id"], latest_id=before["id"], **shown)
    return NO_CONTENT


def read_artifacts(call: Call) -> Reply:
    """The artifacts that match, sorted, one stretch of them."""
    matching = _matching(call, "artifacts", ARTIFACTS)
    return Reply(200, [pick(record, SHOWN) for record in _stretch(call, matching)])


def read_latest_artifacts(call: Call) -> Reply:
    """What the keys show, as far as it matches, sorted, one stretch of them."""
    matching = _matching(call, "artifact_keys", LATEST_ARTIFACTS)
    return Reply(200, _stretch(call, matching))


def count_latest_artifacts(call: Call) -> Reply:
    """How many keys show what matches."""
    return Reply(200, len(_matching(call, "artifact_keys", LATEST_ARTIFACTS)))


def _matching(call: Call, kind: str, table: Mapping[str, Criterion]) -> list[Record]:
    store = call.store
    matches = predicate(table, sent(call).get("artifacts"))
    records = [record for record in store.all(kind) if matches(record)]
    for field, runs in (("flow_run_id", OF_FLOW_RUNS), ("task_run_id", ("task_runs",))):
        wanted = {name: given for name, given in filters(call, *runs).items() if given is not None}
        if wanted:
            of = "flow_runs" if field == "flow_run_id" else "task_runs"
            ids = {run["id"] for run in query.select(store.data(), of, wanted)}
            records = [record for record in records if record[field] in ids]
    return records


def _stretch(call: Call, records: Iterable[Record]) -> list[Record]:
    limit, offset = window(call)
    field, _, way = (full(call).get("sort") or "ID_DESC").lower().rpartition("_")

    def key(record: Record) -> Any:
        value = record[field]
        # What has no key comes before all that have one.
        return (value is not None, value.encode() if field == "key" and value else value or "")

    ordered = sorted(records, key=key, reverse=way == "desc")
    return ordered[offset : offset + limit]
