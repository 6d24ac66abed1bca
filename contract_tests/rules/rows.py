"""Checks of a deployment as it is read: the same everywhere, and as it was made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from contract_tests.findings import MISSING, Finding, Violation
from contract_tests.spec.version import spec_for
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.target import segment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange

Record = dict[str, Any]
OK: Final = 200
_ATTEMPTS: Final = 3
_FLOW_LABEL: Final = "prefect.flow.id"

# What a deployment is that was created without a word on it.
DEFAULTS: Final[Mapping[str, Any]] = {
    "paused": False,
    "tags": [],
    "parameters": {},
    "job_variables": {},
    "schedules": [],
    "enforce_parameter_schema": True,
    "version": None,
    "description": None,
    "path": None,
    "entrypoint": None,
    "global_concurrency_limit": None,
    "concurrency_options": None,
    "storage_document_id": None,
    "infrastructure_document_id": None,
}
# What a server adds keys to.
_GROWS: Final = frozenset({"schedules", "concurrency_options", "global_concurrency_limit"})
# What an upsert empties when it is not told.
_REPLACED: Final = frozenset({"schedules", "parameters", "labels"})
# What decides on another key that is read.
_READ_AS: Final[Mapping[str, str]] = {
    "concurrency_limit": "global_concurrency_limit",
    "work_pool_name": "work_queue_name",
}
# Read elsewhere or in another form than they were sent.
_APART: Final = frozenset({"labels", "schedules", "concurrency_limit", "concurrency_options"})


def check(session: Session, deployments: Sequence[Record]) -> None:
    """Read deployments in each way; raise the first violation when all are done.

    Raises:
        Violation: of `rows.same`, `rows.kept` or `rows.default`.
    """
    found: list[Violation] = []
    flows = {flow["id"]: flow for flow in session.dataset.flows}
    by_id: dict[str, Record | None] = {}
    for row in deployments:
        try:
            _settle(session, lambda row=row: _same(session, row, flows, by_id))  # type: ignore[misc]
            if row["id"] in session.dataset.sent:
                _settle(session, lambda row=row: _kept(session, row, flows))  # type: ignore[misc]
        except Violation as violation:
            found.append(violation)
    if not found:  # what a row is alone comes first
        try:
            _settle(session, lambda: _same_among_others(session, by_id))
        except Violation as violation:
            found.append(violation)
    if found:
        raise ExceptionGroup("rows", found)


def _settle(session: Session, attempt: Callable[[], Finding | None]) -> None:
    """Judge what is still wrong after asking again: something else may change the target.

    Where answers are held against another server's, they are not asked for again: it fails nothing.
    """
    for number in range(1 if session.reference else _ATTEMPTS):
        finding = attempt()
        if finding is None:
            return
        if number == _ATTEMPTS - 1:
            session.judge(finding)


def _same(
    session: Session,
    row: Record,
    flows: Mapping[str, Record],
    by_ids: dict[str, Record | None],
) -> Finding | None:
    """The row as each way to read it tells it; what is read by id is noted."""
    target = session.target
    one = {"deployments": {"id": {"any_": [row["id"]]}}}
    reads: dict[str, Exchange] = {
        "read_deployment": target.get(f"/deployments/{row['id']}"),
        "read_deployments": target.post("/deployments/filter", one),
        "paginate_deployments": target.post("/deployments/paginate", one),
    }
    flow = flows.get(row.get("flow_id", ""))
    # A name with a slash in it cannot be asked for.
    if flow is not None and not any("/" in part.get("name", "/") for part in (flow, row)):
        path = f"/deployments/name/{segment(flow['name'])}/{segment(row['name'])}"
        reads["read_deployment_by_name"] = target.get(path)
    told = {operation: _row(exchange) for operation, exchange in reads.items()}
    by_id = by_ids[row["id"]] = told["read_deployment"]
    for operation, record in told.items():
        if record is None:
            about = f"does not answer a deployment that {_other(operation)}"
            return differs(
                session,
                operation,
                reads[operation],
                rule="rows.same",
                about=about,
                right=row["id"],
                got=None,
            )
        key = None if by_id is None else _differing(by_id, record)
        if key is not None and by_id is not None:
            wrong, other = operation, "read_deployment"
            if key not in by_id:
                wrong, other = other, wrong
            lacks = key not in record or key not in by_id
            return differs(
                session,
                wrong,
                reads[wrong],
                rule="rows.same",
                about=f"`{key}` is missing, which {other} tells"
                if lacks
                else f"tells another `{key}` than {other} does",
                right=(told[other] or {})[key],
                got=(told[wrong] or {}).get(key, MISSING),
            )
    return None


def _same_among_others(session: Session, by_id: dict[str, Record | None]) -> Finding | None:
    """Each row where many are answered at once, and on each of two pages, as it is read by id.

    What differs is read anew first, for the next attempt: it may have been changed.
    """
    target = session.target
    chosen: Record = {"deployments": {"id": {"any_": list(by_id)}}}
    half = max(1, -(-len(by_id) // 2))
    answers = [
        ("read_deployments", target.post("/deployments/filter", chosen)),
        *(
            (
                "paginate_deployments",
                target.post("/deployments/paginate", {**chosen, "limit": half, "page": page}),
            )
            for page in (1, 2)
        ),
    ]
    for operation, exchange in answers:
        for record in _rows(exchange):
            one = str(record.get("id"))
            right = by_id.get(one)
            key = None if right is None else _differing(right, record)
            if key is not None and right is not None:
                by_id[one] = _row(target.get(f"/deployments/{one}"))
                return differs(
                    session,
                    operation,
                    exchange,
                    rule="rows.same",
                    about=f"tells another `{key}` among other rows than read_deployment does",
                    right=right.get(key),
                    got=record.get(key, MISSING),
                )
    return None


def _differing(one: Record, other: Record) -> str | None:
    """The first key that two rows tell differently, or that one of them lacks."""
    keys = one.keys() | other.keys()
    return min((key for key in keys if one.get(key, "?") != other.get(key, "?")), default=None)


def _other(operation: str) -> str:
    return "read_deployments does" if operation == "read_deployment" else "the data set has"


def _kept(session: Session, row: Record, flows: Mapping[str, Record]) -> Finding | None:
    """The row as it was sent."""
    exchange = session.target.get(f"/deployments/{row['id']}")
    record = _row(exchange)
    if record is None:
        return None  # told by the rule above
    data = session.dataset
    later = data.later.get(row["id"], ())
    changes = zip(later, data.changed_by.get(row["id"], ()), strict=True)
    changed = {
        name: (operation, change)
        for (operation, body), change in changes
        for key in body
        for name in _read_by(key)
    }
    first = {name for key in data.sent[row["id"]] for name in _read_by(key)}
    wanted = expected(data.sent[row["id"]], later, flows.get(row.get("flow_id", ""), {}))
    known = spec_for(session.target.version).properties("DeploymentResponse")
    for key, right in wanted.items():
        got = record.get(key, MISSING)
        if key not in known:
            continue
        if not (is_as(got, right) if key in _GROWS else is_equal(got, right)):
            sent = key in first or key in changed
            rule = "rows.kept" if sent or key in ("labels", "work_queue_name") else "rows.default"
            operation, change = changed.get(key, ("create_deployment", None))
            about = f"`{key}` is read other than {'sent' if sent else 'its default'}"
            about = about if key in record else f"`{key}` is missing in what is read"
            told = differs(
                session, operation, exchange, rule=rule, about=about, right=right, got=got
            )
            return told if change is None else replace(told, others=(change,))
    return None


def _read_by(key: str) -> tuple[str, ...]:
    """The keys that show what a key was sent for."""
    return (key, _READ_AS[key]) if key in _READ_AS else (key,)


def expected(sent: Record, later: Sequence[tuple[str, Record]], flow: Record) -> Record:
    """What must be read of a deployment, as far as its creation and what followed say it.

    Args:
        sent: the body that created it.
        later: what changed it: operation and body.
        flow: its flow.
    """
    merged = dict(sent)
    for operation, body in later:
        if operation == "create_deployment":
            # What an upsert is not told it keeps, but for these.
            merged = {k: v for k, v in merged.items() if k not in _REPLACED}
        merged |= body
    wanted = {key: value for key, value in merged.items() if key not in _APART}
    wanted |= {key: value for key, value in DEFAULTS.items() if key not in merged}
    wanted["labels"] = {
        **flow.get("labels", {}),
        _FLOW_LABEL: sent["flow_id"],
        **merged.get("labels", {}),
    }
    if merged.get("concurrency_limit") is not None:
        wanted["global_concurrency_limit"] = {"limit": merged["concurrency_limit"]}
    if "concurrency_options" in merged:
        wanted["concurrency_options"] = merged["concurrency_options"]
    if "schedules" in merged:
        wanted["schedules"] = [_schedule(item) for item in merged["schedules"]]
    if "work_pool_name" in merged:
        wanted["work_queue_name"] = merged.get("work_queue_name", "default")
    elif "work_queue_name" not in merged:
        wanted |= {"work_pool_name": None, "work_queue_name": None}
    return wanted


def _schedule(sent: Record) -> Record:
    wanted = dict(sent)
    if "rrule" in sent["schedule"]:
        # The server may put a start before the rule.
        wanted["schedule"] = {k: v for k, v in sent["schedule"].items() if k != "rrule"}
    return wanted


def is_as(got: Any, wanted: Any) -> bool:
    """Whether what was read holds what was sent; more keys than sent are no difference."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return all(key in got and is_as(got[key], value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(got, list):
        if wanted and all(isinstance(item, dict) and "schedule" in item for item in wanted):
            return _are_as(got, wanted)
        return len(got) == len(wanted) and all(map(is_as, got, wanted))
    return is_equal(got, wanted)


def _are_as(got: list[Any], wanted: list[Any]) -> bool:
    """Whether each schedule that was sent was read, in whatever order."""
    left = list(got)
    # What says most comes first: what says little would take its place.
    for item in sorted(wanted, key=lambda one: -len(one["schedule"])):
        found = next((one for one in left if is_as(one, item)), None)
        if found is None:
            return False
        left.remove(found)
    return not left


def is_equal(got: Any, wanted: Any) -> bool:
    """Equality of JSON: true is not 1, and 1 is 1.0."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return got.keys() == wanted.keys() and all(is_equal(got[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list) and isinstance(got, list):
        return len(got) == len(wanted) and all(map(is_equal, got, wanted))
    return isinstance(got, bool) == isinstance(wanted, bool) and bool(got == wanted)


def _row(exchange: Exchange) -> Record | None:
    """The one deployment of an answer; None when there is not exactly one."""
    found = _rows(exchange)
    return found[0] if len(found) == 1 and "id" in found[0] else None


def _rows(exchange: Exchange) -> list[Record]:
    """The deployments of an answer: one, a list of them, or a page."""
    try:
        body = exchange.json() if exchange.status == OK else None
    except NotJson:
        return []
    if isinstance(body, dict) and "results" in body:
        body = body["results"]
    listed = body if isinstance(body, list) else [body]
    found = [one for one in listed if isinstance(one, dict)]
    return found if len(found) == len(listed) else []


def differs(
    session: Session,
    operation: str,
    exchange: Exchange,
    *,
    rule: str,
    about: str,
    right: Any,
    got: Any,
) -> Finding:
    """The finding that a value is another one than it must be; `about` is message and cause."""
    return Finding(
        rule=rule,
        operation=operation,
        message=about,
        expected=json.dumps(right, ensure_ascii=False),
        got=got if got is MISSING else json.dumps(got, ensure_ascii=False),
        exchange=exchange,
        spec_pointer=session.operations[operation].pointer,
        cause=about,
    )
