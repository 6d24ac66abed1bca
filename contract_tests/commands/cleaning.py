"""Removing what a run left behind when it could not do so itself: all that bears its prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contract_tests.data.janitor import IDLE, stands
from contract_tests.errors import CannotJudge, NoData
from contract_tests.transport.fetching import read_pages
from contract_tests.transport.target import segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_tests.transport.target import Target

Record = dict[str, Any]
_GONE: Final = frozenset({204, 404})
# What runs are named by; anything shorter could be the beginning of somebody's own names.
_PREFIX: Final = re.compile(r"ct-[0-9a-z]{6,}-")
# In the order of removal, with the key that stands in the path.
_NAMED: Final = (
    ("flows", "id"),
    ("work_queues", "id"),
    ("work_pools", "name"),
    ("variables", "id"),
    ("v2/concurrency_limits", "id"),
)


@dataclass(frozen=True)
class Remains:
    """One thing that is left: its path below the base URL, and its name."""

    path: str
    name: str


def remains(target: Target, prefix: str) -> list[Remains]:
    """What is left of a run on a target, in the order in which it can be removed.

    Args:
        target: the server.
        prefix: how the names of what the run made begin.

    Raises:
        CannotJudge: the prefix is none of a run, or the target does not answer.
    """
    if _PREFIX.fullmatch(prefix) is None:
        raise CannotJudge(f"{prefix!r} is no prefix of a run: these look like ct-000042-.")
    return list(_remains(target, prefix))


def _remains(target: Target, prefix: str) -> Iterator[Remains]:
    flows = _named(target, "flows", prefix, {"flows": {"name": {"like_": prefix}}})
    ids = [flow["id"] for flow in flows]
    for kind in ("task_runs", "flow_runs"):
        rows = _named(target, kind, prefix, {kind: {"name": {"like_": prefix}}})
        if ids:
            rows += _rows(target, kind, {"flows": {"id": {"any_": ids}}})
        for key, name in {row["id"]: str(row.get("name")) for row in rows}.items():
            yield Remains(f"/{kind}/{key}", name)
    made = _named(target, "deployments", prefix, {"deployments": {"name": {"like_": prefix}}})
    for row in made:
        yield Remains(f"/deployments/{row['id']}", row["name"])
    limits = {f"deployment:{row['id']}" for row in made}
    for kind, key in _NAMED:
        rows = flows if kind == "flows" else _named(target, kind, prefix, {}, limits)
        for row in rows:
            yield Remains(f"/{kind}/{segment(str(row[key]))}", row["name"])


def _named(
    target: Target,
    kind: str,
    prefix: str,
    body: Record,
    others: set[str] | frozenset[str] = frozenset(),
) -> list[Record]:
    """The rows whose names begin with the prefix: of the search itself, nothing is believed."""
    return [
        row
        for row in _rows(target, kind, body)
        if (name := str(row.get("name", ""))).startswith(prefix) or name in others
    ]


def _rows(target: Target, kind: str, body: Record) -> list[Record]:
    try:
        return read_pages(target, f"/{kind}/filter", body)
    except NoData:
        return []  # a server of the deployment operations alone has no such kind


def remove(target: Target, prefix: str, what: list[Remains]) -> list[str]:
    """Remove things; a line for each that still can be read afterwards."""
    failed = {}
    for one in what:
        status = target.send("DELETE", one.path).status
        if status not in _GONE:
            failed[one] = f"status {status}"
    for one in remains(target, prefix) if what else ():
        failed.setdefault(one, IDLE)
    return [
        f"{one.path} ({one.name}): {why}" for one, why in failed.items() if stands(target, one.path)
    ]
