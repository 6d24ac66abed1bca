"""What the load consists of: requests by method, path and body, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

NUMBER: Final = "@N@"
"""Stands for a number that no other request has."""

DEPLOYMENTS: Final = 25

PAGE: Final[dict[str, Any]] = {
    "deployments": {"flow_or_deployment_name": {"like_": "-"}},
    "sort": "NAME_ASC",
    "limit": DEPLOYMENTS,
    "page": 1,
}
BY_TAG: Final[dict[str, Any]] = {"deployments": {"tags": {"all_": ["production"]}}, "limit": 10}


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        method: in upper case.
        path: below the API's base.
        body: JSON; may hold `NUMBER`.
    """

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the servers hold that requests speak of.

    Attributes:
        flow: the id of a flow.
        deployments: ids of deployments.
    """

    flow: str
    deployments: tuple[str, ...]


def scenarios(ground: Ground) -> dict[str, list[Request]]:
    """Name -> the requests that are sent in turn."""
    paginate = _post("paginate", PAGE)
    reads = [Request("GET", f"/deployments/{identity}") for identity in ground.deployments]
    create = Request("POST", "/deployments/", json.dumps(_new(ground)))
    mixed: list[Request] = []
    for number in range(5):
        mixed += [paginate, *reads[number * 4 : number * 4 + 4], _post("filter", BY_TAG)]
        mixed += [_post("count", {"deployments": BY_TAG["deployments"]}), paginate]
        mixed.append(Request("GET", f"/deployments/{ground.deployments[number]}/schedules"))
    mixed.append(create)
    return {"paginate": [paginate], "read": reads, "create": [create], "mixed": mixed}


def _post(operation: str, body: dict[str, Any]) -> Request:
    return Request("POST", f"/deployments/{operation}", json.dumps(body))


def _new(ground: Ground) -> dict[str, Any]:
    return {
        "name": f"made-{NUMBER}",
        "flow_id": ground.flow,
        "tags": ["made", "benchmark"],
        "parameters": {"full": False},
        "work_pool_name": "kubernetes",
        "schedules": [
            {
                "active": True,
                "schedule": {
                    "interval": 3600.0,
                    "anchor_date": "2026-01-01T00:00:00Z",
                    "timezone": "UTC",
                },
            }
        ],
    }
