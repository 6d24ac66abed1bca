"""Walks in which something happens meanwhile: between two pages, or in several requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import (
    CREATED,
    FAR,
    NO_CONTENT,
    OK,
    Actor,
    ids,
    only,
    rows,
    value_of,
)
from contract_tests.lifecycle import judges
from contract_tests.lifecycle.walks_runs import scheduled

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_LIMIT: Final = 2
_AT_ONCE: Final = 4


@judges("create", "pages")
def walk_pages_under_change(actor: Actor) -> None:
    """A deployment that comes or goes between two pages is in the next answer's count and rows.

    Names of one form sort the same in every collation: digits last, in one place.
    """
    flow = actor.flow()
    stem = actor.name("page")
    there = {
        name: actor.deployment(flow, name=name, paused=True)["id"]
        for name in (f"{stem}-{n}" for n in (2, 4, 6, 8))
    }
    _expect_page(actor, flow, there, 1, None)
    added = actor.post_deployment(flow, name=f"{stem}-1", paused=True)
    there[f"{stem}-1"] = actor.made(added, "creating a deployment")["id"]
    for number in (2, 3):
        _expect_page(actor, flow, there, number, added)
    removed = actor.call("delete_deployment", id=there.pop(f"{stem}-2"))
    for number in (2, 1):
        _expect_page(actor, flow, there, number, removed)


def _expect_page(
    actor: Actor, flow: Record, there: dict[str, Any], number: int, change: Exchange | None
) -> None:
    """Expect a page to be that of the deployments that are there now."""
    body = {"flows": {"id": {"any_": [flow["id"]]}}, "limit": _LIMIT, "page": number}
    answer = actor.call("paginate_deployments", json={**body, "sort": "NAME_ASC"})
    if not actor.status(answer, OK, rule="lifecycle.pages", when="asking for a page"):
        return
    page = value_of(answer)
    if not isinstance(page, dict):
        return
    ordered = [there[name] for name in sorted(there)]
    rows = page.get("results")
    want: Record = {
        "count": len(ordered),
        "pages": -(-len(ordered) // _LIMIT),
        "ids": ordered[(number - 1) * _LIMIT : number * _LIMIT],
    }
    got: Record = {
        "count": page.get("count"),
        "pages": page.get("pages"),
        "ids": [row.get("id") for row in rows if isinstance(row, dict)]
        if isinstance(rows, list)
        else rows,
    }
    for part, value in want.items():
        actor.expect(
            got[part] == value,
            "lifecycle.pages",
            answer,
            f"a page is not that of the deployments that are there now: {part}",
            expected=value,
            got=got[part],
            history=() if change is None else (change,),
        )


@judges("create", "upsert-at-once")
def walk_concurrent_upserts(actor: Actor) -> None:
    """One name that is created several times at once becomes one deployment."""
    flow = actor.flow()
    body = {"name": actor.name("deployment"), "flow_id": flow["id"], "paused": True}

    def send(number: int) -> Exchange:
        target = actor.session.target
        return target.post("/deployments/", {**body, "tags": [f"writer-{number}"]})

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(send, range(_AT_ONCE)))
    taken = [answer for answer in answers if answer.status in (OK, CREATED)]
    for answer in answers:
        when = "creating one name several times at once"
        actor.status(answer, OK, CREATED, rule="lifecycle.upsert-at-once", when=when)
    if not taken:
        return
    made = [value_of(answer) for answer in taken]
    told = {one.get("id") for one in made if isinstance(one, dict)}
    mine = {"flows": {"id": {"any_": [flow["id"]]}}}
    number, counting = actor.count("count_deployments", mine)
    for holds, exchange, message, got in (
        (len(told) == 1, taken[-1], "each of several creations of one name has an id", len(told)),
        (number == 1, counting, "several creations of one name make several", number),
    ):
        actor.expect(
            holds,
            "lifecycle.upsert-at-once",
            exchange,
            message,
            expected=1,
            got=got,
            after=taken[0],
        )


@judges("create", "idempotency")
def walk_concurrent_runs(actor: Actor) -> None:
    """One key that is used several times at once makes one run."""
    owner = actor.deployment(actor.flow())
    body = {"idempotency_key": actor.name("key"), "state": scheduled(FAR)}
    path = f"/deployments/{owner['id']}/create_flow_run"

    def send(_: int) -> Exchange:
        return actor.session.target.post(path, body)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(send, range(_AT_ONCE)))
    taken = [answer for answer in answers if answer.status in (OK, CREATED)]
    number, counting = actor.count("count_flow_runs", only(owner["id"]))
    actor.expect(
        number in (1, None) or not taken,
        "lifecycle.idempotency",
        counting,
        "one key that is used several times at once makes several runs",
        expected=1,
        got=number,
        after=next(iter(taken), None),
    )


@judges("create", "read", "update")
def walk_concurrent_changes(actor: Actor) -> None:
    """Changes of different fields at once are all there afterwards."""
    owner = actor.deployment(actor.flow(), paused=True)
    changes: Record = {"description": "new", "version": "new", "path": "/new", "tags": ["new"]}

    def send(field: str) -> Exchange:
        path = f"/deployments/{owner['id']}"
        return actor.session.target.send("PATCH", path, json={field: changes[field]})

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(send, changes))
    taken = {
        field: changes[field]
        for field, answer in zip(changes, answers, strict=True)
        if answer.status == NO_CONTENT
    }
    after, reading = actor.read(owner["id"])
    actor.compare(
        "lifecycle.update",
        reading,
        taken,
        after,
        "changed at the same time as other fields, and not there afterwards",
        after=answers[0],
    )


@judges("create", "found")
def walk_concurrent_searches(actor: Actor) -> None:
    """Each of several searches at once gets its own answer."""
    flow = actor.flow()
    made = [actor.deployment(flow) for _ in range(_AT_ONCE)]

    def send(one: Record) -> Exchange:
        return actor.session.target.post("/deployments/filter", {**only(one["id"]), "limit": 2})

    for _ in range(2):
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(send, made))
        for one, answer in zip(made, answers, strict=True):
            found = ids(rows(answer))
            actor.expect(
                found == [one["id"]] or answer.status != OK,
                "lifecycle.found",
                answer,
                "a search gets the answer of another one that is made at the same time",
                expected=[one["id"]],
                got=found,
            )


@judges("create", "order")
def walk_order(actor: Actor) -> None:
    """Names come in one order, whatever it is: downwards it is turned, on pages it is the same."""
    flow = actor.flow()
    stem = actor.name("order")
    made = [actor.deployment(flow, name=f"{stem}{end}") for end in ("-B", "-a", "-10", "-9", " c")]
    mine = {"flows": {"id": {"any_": [flow["id"]]}}}
    first = actor.call("read_deployments", json={**mine, "sort": "NAME_ASC"})
    upwards = ids(rows(first))
    for operation, sort in (
        ("read_deployments", "NAME_DESC"),
        ("paginate_deployments", "NAME_ASC"),
        ("paginate_deployments", "NAME_DESC"),
    ):
        answer = actor.call(operation, json={**mine, "sort": sort})
        told = value_of(answer)
        found = told.get("results") if isinstance(told, dict) else told
        if answer.status != OK or not isinstance(found, list) or len(upwards) != len(made):
            continue
        got = ids(found) if sort == "NAME_ASC" else ids(found)[::-1]
        actor.expect(
            got == upwards,
            "lifecycle.order",
            answer,
            f"{sort} is not the order of names that NAME_ASC of filter has",
            expected=upwards,
            got=got,
            history=(first,),
        )
