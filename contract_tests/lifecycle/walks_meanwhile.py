"""Walks in which something happens meanwhile: between two pages, or in several requests at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from contract_tests.lifecycle import judges
from contract_tests.lifecycle.actor import CREATED, OK, Actor, value_of

if TYPE_CHECKING:
    from contract_tests.lifecycle.actor import Record
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
