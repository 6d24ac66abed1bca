"""Operations on automations; the mock keeps them, and does nothing of what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Call, Reply
from mock_server.errors import ApiError
from mock_server.operations.parts import views
from mock_server.operations.parts.orders import in_order
from mock_server.operations.parts.records_and_bodies import (
    NO_CONTENT,
    full,
    newborn,
    sent,
    touch,
)
from mock_server.operations.parts.search import window
from mock_server.operations.parts.small_filters import AUTOMATIONS, predicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

NOT_FOUND: Final = "Automation not found"
WHEN: Final = ("actions", "actions_on_trigger", "actions_on_resolve")

ACTED_ON: Final[Mapping[str, str]] = {
    "deployment_id": "deployment",
    "work_queue_id": "work-queue",
    "work_pool_id": "work-pool",
    "automation_id": "automation",
}
"""Field of an action -> what kind of resource it names."""


def create_automation(call: Call) -> Reply:
    """Insert an automation; it belongs to the resource that the body names as its owner."""
    store, body = call.store, full(call)
    record = {
        **newborn(store),
        "name": body["name"],
        "description": body["description"],
        "enabled": body["enabled"],
        "tags": body.get("tags") or [],
        "trigger": _trigger(store, body["trigger"]),
        **{when: [_action(action) for action in body.get(when) or ()] for when in WHEN},
        "owner": body.get("owner_resource"),
    }
    store.insert("automations", record)
    return Reply(201, views.pick(record, views.AUTOMATION))


def _trigger(store: Store, given: Mapping[str, Any]) -> dict[str, Any]:
    """A trigger with its id, and with those of its parts."""
    kept = {"type": given["type"], "id": given.get("id") or store.new_id()}
    rest = {key: value for key, value in given.items() if key not in kept}
    if "triggers" in rest:
        rest["triggers"] = [_trigger(store, part) for part in rest["triggers"]]
    if rest.get("within") is not None:
        rest["within"] = float(rest["within"])
    for events in ("after", "expect", "for_each"):
        if events in rest:
            rest[events] = list(dict.fromkeys(rest[events]))
    return {**kept, **rest}


def _action(given: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(given)
    if "schedule_after" in kept:
        kept["schedule_after"] = float(kept["schedule_after"])
    return kept


def _automation(call: Call) -> Record:
    record = call.store.get("automations", call.path["id"])
    if record is None:
        raise ApiError(404, {"exception_message": NOT_FOUND})
    return record


def read_automation(call: Call) -> Reply:
    """One automation by its id."""
    return Reply(200, views.pick(_automation(call), views.AUTOMATION))


def read_automations(call: Call) -> Reply:
    """The automations that match, sorted, one stretch of them."""
    limit, offset = window(call)
    stretch = in_order(_matching(call), full(call).get("sort"))[offset : offset + limit]
    return Reply(200, [views.pick(record, views.AUTOMATION) for record in stretch])


def count_automations(call: Call) -> Reply:
    """How many automations match."""
    return Reply(200, len(_matching(call)))


def _matching(call: Call) -> list[Record]:
    matches = predicate(AUTOMATIONS, sent(call).get("automations"))
    return [record for record in call.store.all("automations") if matches(record)]


def update_automation(call: Call) -> Reply:
    """Change what the body has of an automation; its owner stays."""
    store, body = call.store, full(call)
    changes = {key: body[key] for key in sent(call)}
    changes["trigger"] = _trigger(store, _without_ids(body["trigger"]))
    changes |= {when: list(map(_action, body[when])) for when in WHEN if when in changes}
    touch(store, "automations", _automation(call)["id"], **changes)
    return NO_CONTENT


def _without_ids(trigger: Mapping[str, Any]) -> dict[str, Any]:
    """A trigger to be made anew, with its parts."""
    kept = {key: value for key, value in trigger.items() if key != "id"}
    if "triggers" in kept:
        kept["triggers"] = [_without_ids(part) for part in kept["triggers"]]
    return kept


def patch_automation(call: Call) -> Reply:
    """Switch an automation on or off."""
    touch(call.store, "automations", _automation(call)["id"], **sent(call))
    return NO_CONTENT


def delete_automation(call: Call) -> Reply:
    """Delete an automation."""
    call.store.delete("automations", _automation(call)["id"])
    return NO_CONTENT


def read_automations_related_to_resource(call: Call) -> Reply:
    """The automations that a resource owns, or that act on it."""
    resource = call.path["resource_id"]
    related = [
        record
        for record in call.store.all("automations")
        if record["owner"] == resource or resource in set(_resources(record))
    ]
    return Reply(200, [views.pick(record, views.AUTOMATION) for record in related])


def _resources(record: Record) -> Iterator[str]:
    for when in WHEN:
        for action in record[when]:
            for field, kind in ACTED_ON.items():
                if action.get(field):
                    yield f"prefect.{kind}.{action[field]}"


def delete_automations_owned_by_resource(call: Call) -> Reply:
    """Delete the automations that a resource owns."""
    for record in call.store.group("automations", owner=call.path["resource_id"]):
        call.store.delete("automations", record["id"])
    return Reply(202, None)
