"""What a deployment must look like after what was done to it; nothing of it asks a server."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Final

Record = dict[str, Any]

DEFAULTS: Final[Record] = {
    "paused": False,
    "tags": [],
    "description": None,
    "version": None,
    "path": None,
    "entrypoint": None,
    "parameters": {},
    "job_variables": {},
    "enforce_parameter_schema": True,
}
# An upsert empties these when they are not sent; everything else it keeps.
_EMPTIED: Final[Record] = {"parameters": {}}


@dataclass
class Deployment:
    """One deployment as it must be.

    Attributes:
        id: as the server gave it.
        flow: the number of its flow.
        name: unique within the flow.
        created: as the server told it first.
        fields: those of `DEFAULTS`.
        schedules: id -> what was sent for it, in no order.
        runs: ids of its runs that wait to start.
    """

    id: str
    flow: int
    name: str
    created: str
    fields: Record
    schedules: dict[str, Record] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)

    def shown(self) -> Record:
        """The fields that every reading must show."""
        return {**self.fields, "id": self.id, "name": self.name, "created": self.created}


@dataclass
class World:
    """All that a walk made and has not deleted.

    Attributes:
        deployments: by flow number and name.
        keys: flow number and idempotency key -> id of the run.
        gone: ids of what was deleted.
    """

    deployments: dict[tuple[int, str], Deployment] = field(default_factory=dict)
    keys: dict[tuple[int, str], str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def created(self, made: Record, flow: int, sent: Record) -> Deployment:
        """A creation was answered: a new deployment, or one brought up to date.

        Args:
            made: the answer.
            flow: the number of the flow.
            sent: the request's body.
        """
        told = {name: value for name, value in sent.items() if name in DEFAULTS}
        key = (flow, sent["name"])
        known = self.deployments.get(key)
        if known is None:
            known = Deployment(
                made["id"], flow, sent["name"], made["created"], {**copy.deepcopy(DEFAULTS), **told}
            )
            self.deployments[key] = known
        else:
            known.fields.update({**copy.deepcopy(_EMPTIED), **told})
        self.replace_schedules(known, made, sent.get("schedules", []))
        return known

    @staticmethod
    def replace_schedules(known: Deployment, shown: Record, sent: list[Record]) -> None:
        """The schedules are those sent; their ids are taken from what the server shows."""
        left = list(shown.get("schedules") or [])
        known.schedules = {}
        for item in sent:
            match = next((one for one in left if one.get("slug") == item.get("slug")), None)
            if match is not None:
                left.remove(match)
                known.schedules[match["id"]] = item

    def deleted(self, known: Deployment) -> None:
        """A deployment is gone, and with it its runs that waited."""
        del self.deployments[known.flow, known.name]
        self.gone.append(known.id)
        self.keys = {key: run for key, run in self.keys.items() if run not in known.runs}

    def alive(self) -> list[Deployment]:
        """What there is, in the order made."""
        return list(self.deployments.values())
