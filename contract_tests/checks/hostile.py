"""Sends what no sensible client does; whatever the answer is, the server must not fail."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import yaml

from contract_tests.cases.constraint_breaking import Breaker
from contract_tests.transport.target import may_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from contract_tests.asking.actor import Actor
    from contract_tests.data.ground import Ground
    from contract_tests.spec.contract import Contract

STORING: Final = ("create_deployment", "update_deployment", "create_flow_run_from_deployment")
SEARCHING: Final = ("read_deployments", "paginate_deployments", "count_deployments")
_JSON: Final = "application/json"
# A page of no rows: the first is beyond the end, and cheap.
_LIMIT: Final = '"limit": 1, "page": 1000000, "offset": 1000000'


@cache
def hostile() -> Mapping[str, list[str]]:
    """The inputs, by the kind of operation that they are for."""
    text = (files(__package__) / "hostile.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, list[str]] = yaml.safe_load(text)
    return loaded


def send(actor: Actor, ground: Ground, contract: Contract) -> None:
    """Send one operation everything that is meant for it; the shape of the answers is judged."""
    place = ground.place(contract)
    for content, kind in _bodies(actor, ground, contract):
        actor.call(contract.operation.id, content=content, headers={"content-type": kind}, at=place)


def _bodies(actor: Actor, ground: Ground, contract: Contract) -> Iterator[tuple[bytes, str]]:
    operation = contract.operation
    if not may_change(operation.method, operation.path):
        for text in hostile()["searches"]:
            yield text.replace("{limit}", _LIMIT).encode(), _JSON
        if operation.id == "count_deployments":  # the others would answer with all that there is
            yield from ((b"{}", kind) for kind in hostile()["types"])
        return
    sample = _sample(actor, ground, contract)
    for member in hostile()["stores"]:
        opened = json.dumps(sample)[:-1]
        yield f"{opened}{', ' if sample else ''}{member}}}".encode(), _JSON
    yield from ((json.dumps(sample).encode(), kind) for kind in hostile()["types"])


def _sample(actor: Actor, ground: Ground, contract: Contract) -> Any:
    schema = actor.spec.body_schema(contract)
    return Breaker(actor.spec.readings, ground.hints(contract)).sample(schema)
