"""A walk among more deployments than one answer can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import CREATED, OK, Actor, rows, value_of
from contract_tests.lifecycle import judges

if TYPE_CHECKING:
    from contract_tests.asking.actor import Record
    from contract_tests.transport.exchange import Exchange

_MOST: Final = 200
_BULK: Final = 50
_RULE: Final = "lifecycle.crowd"


@judges("create", "crowd")
def walk_crowd(actor: Actor) -> None:
    """More deployments than fit into one answer are all counted, and all there, page by page."""
    number = actor.session.profile.crowd
    if not number:
        actor.session.leave_out("more deployments than one answer holds: a quick run makes none")
        return
    flow = actor.flow()
    stem = actor.name("one")
    names = [f"{stem}-{n:04}" for n in range(number)]
    made: list[Any] = []
    for name in names:
        body = {"name": name, "flow_id": flow["id"], "paused": True}
        answer = actor.session.target.post("/deployments/", actor.spec.creation(body))
        told = value_of(answer)
        if answer.status != CREATED or not isinstance(told, dict):
            return
        made.append(told.get("id"))
    ours: Record = {"flows": {"id": {"any_": [flow["id"]]}}}
    counted, counting = actor.count("count_deployments", ours)
    if counting.status == OK:
        _expect(actor, counting, number, counted, "count counts them wrong")
    _search(actor, ours, names)
    _page(actor, ours, names)
    _delete(actor, ours, made)


def _search(actor: Actor, ours: Record, names: list[str]) -> None:
    # Their numbers have as many digits each, so that all collations sort them alike.
    for asked, want in (
        ({}, names[:_MOST]),
        ({"limit": _MOST, "offset": 1}, names[1 : _MOST + 1]),
        ({"limit": 150}, names[:150]),
        ({"offset": _MOST}, names[_MOST : 2 * _MOST]),
        ({"sort": "NAME_DESC", "offset": len(names) - 2}, names[1::-1]),
    ):
        answer = actor.call("read_deployments", json={**ours, **asked})
        if answer.status == OK:
            got = [row.get("name") for row in rows(answer)]
            told = " and ".join(asked) or "nothing"
            _expect(actor, answer, _ends(want), _ends(got), f"with {told} sent: other rows")


def _page(actor: Actor, ours: Record, names: list[str]) -> None:
    for asked, want in (
        ({}, names[:_MOST]),
        ({"page": 2}, names[_MOST : 2 * _MOST]),
        ({"page": 3, "limit": 100}, names[200:300]),
    ):
        answer = actor.call("paginate_deployments", json={**ours, **asked})
        page = value_of(answer)
        if answer.status != OK or not isinstance(page, dict):
            continue
        got = [row.get("name") for row in page.get("results") or ()]
        told = " and ".join(asked) or "nothing"
        _expect(actor, answer, _ends(want), _ends(got), f"with {told} sent: other rows")
        limit: int = asked.get("limit", _MOST)
        due = {"count": len(names), "pages": -(-len(names) // limit), "limit": limit}
        said = {key: page.get(key) for key in due}
        _expect(actor, answer, due, said, f"with {told} sent: other numbers")


def _delete(actor: Actor, ours: Record, made: list[Any]) -> None:
    if not actor.has("bulk_delete_deployments"):
        return
    # By their ids: this operation looks at no other filter, and would delete what is not ours.
    chosen = {"deployments": {"id": {"any_": made}}}
    answer = actor.call("bulk_delete_deployments", json=chosen)
    left, counting = actor.count("count_deployments", ours)
    if answer.status == OK:
        what = "bulk deletion without a limit leaves another number"
        _expect(actor, counting, max(0, len(made) - _BULK), left, what)


def _ends(names: list[Any]) -> list[Any]:
    """How many there are, the first, and the last."""
    return [len(names), *names[:1], *names[-1:]]


def _expect(actor: Actor, answer: Exchange, want: Any, got: Any, what: str) -> None:
    actor.expect(want == got, _RULE, answer, what, expected=want, got=got)
