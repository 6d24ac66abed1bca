"""How an update of a deployment changes its schedules: which are changed, renamed, made.

A deployment whose schedules all have slugs is changed slug by slug, and keeps what the request does
not name. Any other has its schedules replaced by those of the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server.errors import Unprocessable
from mock_server.operations.parts import deployment_records
from mock_server.operations.parts.records_and_bodies import touch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_server.store import Store

    Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """What to do with a deployment's schedules.

    Attributes:
        replace: whether the present schedules go first.
        change: pairs of a schedule's id and what the request says of it.
        create: what the request says of new ones.
    """

    replace: bool
    change: tuple[tuple[str, Item], ...]
    create: tuple[Item, ...]

    def apply(self, store: Store, deployment_id: str) -> None:
        """Do it.

        Raises:
            DuplicateKey: a slug is taken.
        """
        if self.replace:
            deployment_records.delete_schedules(store, deployment_id)
        # Slugs that are to be replaced are cleared first, so that two schedules can swap theirs.
        for identity, item in self.change:
            if item.get("replaces"):
                touch(store, "deployment_schedules", identity, slug=None)
        for identity, item in self.change:
            touch(store, "deployment_schedules", identity, **changes(store, item))
        deployment_records.add_schedules(store, deployment_id, self.create)


def changes(store: Store, item: Item) -> dict[str, Any]:
    """The fields that an item changes in an existing schedule: a null changes nothing.

    The null zone of a recurrence rule is lost on this way as well, and so becomes the usual one.
    """
    fields = {key: value for key, value in item.items() if value is not None and key != "replaces"}
    if "schedule" in fields:
        schedule = deployment_records.stored_schedule(store, fields["schedule"])
        if "rrule" in schedule and schedule.get("timezone") is None:
            schedule["timezone"] = "UTC"
        fields["schedule"] = schedule
    return fields


def plan(store: Store, deployment_id: str, items: Sequence[Item] | None) -> SchedulePlan:
    """What an update does to the schedules.

    Args:
        store: the state.
        deployment_id: whose schedules.
        items: the schedules of the request, defaults filled in; None when it names none.

    Raises:
        Unprocessable: the request does not say clearly which schedule is meant.
    """
    existing = store.group("deployment_schedules", deployment_id=deployment_id)
    by_slug = {record["slug"]: record["id"] for record in existing if record["slug"] is not None}
    by_slug_only = bool(existing) and len(by_slug) == len(existing)
    if items is None:
        return SchedulePlan(replace=False, change=(), create=())
    if not by_slug_only:
        wanted = tuple(item for item in items if item.get("schedule") is not None)
        return SchedulePlan(replace=True, change=(), create=wanted)
    if any(item.get("slug") is None for item in items):
        raise Unprocessable(
            "Please provide a slug for each schedule in your request to ensure schedules are"
            " updated correctly."
        )
    _check_renames(items, by_slug)
    change, create = [], []
    for item in items:
        target = by_slug.get(item.get("replaces") or item["slug"])
        if target is not None:
            change.append((target, item))
        elif item.get("schedule") is not None:
            create.append(item)
        else:
            raise Unprocessable(
                "Unable to create new deployment schedules without a schedule configuration."
            )
    return SchedulePlan(replace=False, change=tuple(change), create=tuple(create))


def _check_renames(items: Sequence[Item], by_slug: Mapping[str, str]) -> None:
    replaced: set[str] = set()
    for item in items:
        old = item.get("replaces")
        if not old:
            continue
        if old in replaced:
            raise Unprocessable(
                f"Multiple schedules have 'replaces' targeting the same slug: {old}"
            )
        replaced.add(old)
    for item in items:
        old, new = item.get("replaces"), item["slug"]
        if old and new and new in by_slug and new not in replaced:
            raise Unprocessable(
                f"Cannot rename schedule from '{old}' to '{new}':"
                f" a schedule with slug '{new}' already exists."
            )
