"""Reading a target's data by pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.errors import NoData
from contract_tests.transport.exchange import NotJson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contract_tests.transport.target import Target

Record = dict[str, Any]
PAGE: Final = 200
_OK: Final = 200


def read_pages(target: Target, path: str, body: dict[str, Any]) -> list[Record]:
    """All rows that a filter operation has for a body, page by page.

    Raises:
        NoData: the operation does not answer with a list of records.
    """
    rows: dict[str, Record] = {}
    offset = 0
    size = PAGE
    while True:
        exchange = target.post(path, {**body, "offset": offset, "limit": size})
        if exchange.status != _OK and size == PAGE:
            # Refusing the largest page is a fault that a check tells of; read on all the same.
            size = PAGE // 2
            continue
        try:
            page = exchange.json() if exchange.status == _OK else None
        except NotJson:
            page = None
        if not isinstance(page, list) or not all(isinstance(r, dict) and "id" in r for r in page):
            raise NoData(
                f"The target's data could not be read: POST {path} answered {exchange.status} "
                "and no list of records."
            )
        # A server that ignores `offset` would answer the same page for ever.
        fresh = {row["id"]: row for row in page if row["id"] not in rows}
        rows |= fresh
        offset += len(page)
        if len(page) < size or not fresh:
            return list(rows.values())


def read_all(
    target: Target,
    *,
    flows: Iterable[str] | None = None,
    task_runs: Iterable[str] = (),
    pools: Iterable[str] | None = None,
    skip: Iterable[str] = (),
) -> dict[str, list[Record]]:
    """The target's rows by kind: all of them, or those of some flows and work pools only.

    Args:
        target: the server.
        flows: ids; only these flows, and the deployments and runs of them.
        task_runs: ids of task runs besides those in the flows' runs.
        pools: names; only these work pools and their queues.
        skip: kinds of `flows`, `deployments`, `flow_runs`, `task_runs` to leave out.

    Raises:
        NoData: something cannot be read.
    """
    ours = {} if flows is None else {"flows": {"id": {"any_": list(flows)}}}
    found = {
        kind: read_pages(target, f"/{kind}/filter", ours)
        for kind in ("flows", "deployments", "flow_runs", "task_runs")
        if kind not in skip
    }
    if task_runs:
        have = {row["id"] for row in found["task_runs"]}
        missing = [key for key in task_runs if key not in have]
        body = {"task_runs": {"id": {"any_": missing}}}
        found["task_runs"] += [
            row
            for row in read_pages(target, "/task_runs/filter", body)
            if row["id"] in set(missing)
        ]
    found["work_pools"] = read_pages(target, "/work_pools/filter", {})
    found["work_queues"] = read_pages(target, "/work_queues/filter", {})
    if pools is not None:
        wanted = set(pools)
        found["work_pools"] = [row for row in found["work_pools"] if row.get("name") in wanted]
        ids = {row["id"] for row in found["work_pools"]}
        found["work_queues"] = [r for r in found["work_queues"] if r.get("work_pool_id") in ids]
    return found
