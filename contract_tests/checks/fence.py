"""Makes a bulk deletion harmless: one that can meet nothing, whatever part of its filter is heeded.

It deletes what its filter meets, and without one whatever there is. So each body gets criteria that
nothing meets, beside those that it is about: a server that ignores these must still find nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import NOBODY

if TYPE_CHECKING:
    from contract_tests.spec.leniency import Readings

BULK_DELETION: Final = "bulk_delete_deployments"
_NOWHERE: Final[dict[str, Any]] = {"any_": [NOBODY]}
_ID: Final = {"$ref": "#/components/schemas/DeploymentFilterId"}


def fenced(schema: Any, body: Any, readings: Readings) -> Any:
    """The body with a fence around it; None when it has no place for one that changes nothing else.

    Args:
        schema: of the body.
        body: as it is to be tried.
        readings: of the document; whether the body is to be refused must stay as it is.
    """
    chosen = body.get("deployments", {}) if isinstance(body, dict) else None
    if not isinstance(chosen, dict):
        return None
    safe = {**body, "deployments": {**chosen, **_fence(chosen, readings)}}
    if chosen.get("operator", "and_") != "and_":
        # Joined by "or" every other criterion would open the fence.
        safe["deployments"] = {"operator": chosen["operator"], "id": _NOWHERE}
    same = readings.verdict(schema, safe) == readings.verdict(schema, body)
    return safe if same else None


def _fence(chosen: dict[str, Any], readings: Readings) -> dict[str, Any]:
    given = chosen.get("id", {})
    if readings.verdict(_ID, given) == "refuse":
        # By two others: that one of them is ignored may be the very fault that is looked for.
        return {"name": _NOWHERE, "tags": _NOWHERE}
    kept = {} if given is None else given
    return {"id": {**kept, **_NOWHERE}}
