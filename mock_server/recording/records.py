"""From what a server shows to records as the store keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mock_server.fixtures.usual_values import NEEDED, USUAL
from mock_server.store.tables import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    Record = dict[str, Any]


def to_records(shown: Mapping[str, list[Record]]) -> dict[str, list[Record]]:
    """Records of a fixture, oldest first, of what a server showed.

    What refers to something that was not recorded (a document, a run beyond the last page, what was
    made or deleted meanwhile) refers to nothing, or is left out where it cannot be without it.

    Args:
        shown: kind -> records, as `read_all` gives them.
    """
    made = {kind: [_record(kind, each) for each in records] for kind, records in shown.items()}
    made["deployment_schedules"] = [
        _record("deployment_schedules", {"deployment_id": deployment["id"], **schedule})
        for deployment in shown.get("deployments", ())
        for schedule in reversed(deployment.get("schedules") or ())
    ]
    for records in made.values():
        records.sort(key=lambda record: str(record.get("created")))
    for _ in made:
        if not _cut_loose_ends(made):
            break
    return made


def _record(kind: str, shown: Mapping[str, Any]) -> Record:
    """The fields that the store keeps."""
    record = {name: shown[name] for name in USUAL[kind] if name in shown}
    if kind == "deployments":
        limit = shown.get("global_concurrency_limit") or {}
        record["concurrency_limit_id"] = limit.get("id")
    if "stored_queue_name" in shown:
        record["work_queue_name"] = shown["stored_queue_name"]
    return {
        name: value
        for name, value in record.items()
        # A field that must have a value and has a usual one: an older server may show null.
        if value is not None or name not in KINDS[kind].required or USUAL[kind][name] is NEEDED
    }


def _cut_loose_ends(made: dict[str, list[Record]]) -> bool:
    """Cut references to what is not there; whether records went because of it."""
    ids = {kind: {record["id"] for record in records} for kind, records in made.items()}
    gone = False
    for kind, records in made.items():
        kept = []
        for record in records:
            lost = [
                reference
                for reference in KINDS[kind].references
                if reference.checked
                and record.get(reference.field) is not None
                and record[reference.field] not in ids.get(reference.kind, ())
            ]
            documents = {"block_documents"}
            if any(each.on_delete == "delete" and each.kind not in documents for each in lost):
                gone = True
                continue
            kept.append({**record, **{each.field: None for each in lost}})
        made[kind] = kept
    return gone
