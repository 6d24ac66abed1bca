"""The data that a target is judged on: made under a prefix, or what is there already."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import yaml

from contract_tests.errors import NoData
from contract_tests.spec.version import spec_for
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.fetching import read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange
    from contract_tests.transport.target import Target

Record = dict[str, Any]
KINDS: Final = ("flows", "work_pools", "work_queues", "deployments", "flow_runs", "task_runs")
_CREATED: Final = 201
_OK: Final = 200


@dataclass(frozen=True)
class DataSet:
    """What a run judges on. Nobody changes it while the run lasts.

    Attributes:
        own: made by this run; otherwise found on the target.
        prefix: how the names of what was made begin ("" when nothing was).
        records: kind -> the target's own rows (JSON as answered): `flows`, `work_pools`,
            `work_queues`, `deployments`, `flow_runs`, `task_runs`.
        sent: deployment id -> the body that made it, for reading it back.
        later: deployment id -> what changed it after that, in order: operation and body. A body
            says what the operation is about, also where the request has none.
        changed_by: deployment id -> the requests of `later`, and their answers.
        made_by: id of a run -> the request that made it, and its answer, unless it was changed
            after that; id of a deployment -> the request that planned runs of it.
        stored_queue: id of a deployment or run that was made -> the work queue's name as stored
            (None: none), which a response does not always tell.
    """

    own: bool
    prefix: str
    records: Mapping[str, tuple[Record, ...]]
    sent: Mapping[str, Record] = field(default_factory=dict)
    later: Mapping[str, tuple[tuple[str, Record], ...]] = field(default_factory=dict)
    changed_by: Mapping[str, tuple[Exchange, ...]] = field(default_factory=dict)
    made_by: Mapping[str, Exchange] = field(default_factory=dict)
    stored_queue: Mapping[str, str | None] = field(default_factory=dict)

    def queue_of(self, row: Record) -> str | None:
        """The work queue's name as stored with a deployment or run; as shown, for others' rows."""
        name: str | None = self.stored_queue.get(row["id"], row.get("work_queue_name"))
        return name

    def __getattr__(self, kind: str) -> tuple[Record, ...]:
        """The rows of a kind, as an attribute: `dataset.deployments`."""
        if kind in KINDS:
            return self.records[kind]
        raise AttributeError(kind)


def prepare(session: Session) -> DataSet:
    """Make the data set on the session's target, or read what is there in a read-only run.

    Raises:
        NoData: the target refuses what the data set needs, or it is empty and may not be changed.
    """
    if not session.read_only:
        return Builder(session.target, session.prefix).build()
    records = {kind: tuple(rows) for kind, rows in read_all(session.target).items()}
    if not records["deployments"]:
        raise NoData(
            f"{session.target.base_url} has no deployments, and --read-only forbids to make any: "
            "run without it, or against a server that has some."
        )
    return DataSet(own=False, prefix="", records=records)


@lru_cache(maxsize=1)
def plan() -> dict[str, dict[str, Any]]:
    """The data set as written in `dataset.yaml`."""
    text = (files(__package__) / "dataset.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return loaded


class Builder:
    """Makes the data set, section by section.

    Args:
        target: where to.
        prefix: what `{p}` in the plan stands for.
    """

    def __init__(self, target: Target, prefix: str) -> None:
        self._target = target
        self._spec = spec_for(target.version)
        self._prefix = prefix
        self._made: dict[str, dict[str, Record]] = {}
        self._sent: dict[str, Record] = {}
        self._later: dict[str, tuple[tuple[str, Record], ...]] = {}
        self._changed_by: dict[str, tuple[Exchange, ...]] = {}
        self._made_by: dict[str, Exchange] = {}
        self._stored: dict[str, str | None] = {}

    def build(self) -> DataSet:
        """Make everything and read it back.

        Raises:
            NoData: the target refused something that the data set cannot do without.
        """
        sections: dict[str, Callable[[Record], Exchange]] = {
            "flows": lambda body: self._create("create_flow", body),
            "work_pools": lambda body: self._create("create_work_pool", body),
            "work_queues": self._make_queue,
            "deployments": lambda body: self._create(
                "create_deployment", self._spec.creation(body)
            ),
            "flow_runs": self._make_run,
            "versioned_runs": self._make_versioned_run,
            "task_runs": lambda body: self._create("create_task_run", body),
            "subflow_runs": self._make_run,
        }
        for section, make in sections.items():
            self._made[section] = {}
            for key, body in plan()[section].items():
                self._make(section, key, body, make)
            if section == "deployments":
                for key, body in plan()["upserts"].items():
                    self._create_again(key, body)
        self._change()
        self._enter_states()
        self._schedule()
        return self._read_back()

    def _make(
        self, section: str, key: str, raw: Record, make: Callable[[Record], Exchange]
    ) -> None:
        body = self._resolve(raw)
        exchange = make(body)
        record = _record(exchange, section, key)
        self._made[section][key] = record
        if section == "deployments":
            self._sent[record["id"]] = self._spec.creation(body)
            self._stored[record["id"]] = body.get("work_queue_name")
        elif section in ("flow_runs", "subflow_runs"):
            deployment = self._made["deployments"][raw["deployment"]]
            self._made_by[record["id"]] = exchange
            queue = raw.get("work_queue_name")
            stored = self._resolve(queue) if queue else self._stored[deployment["id"]]
            self._stored[record["id"]] = stored
        elif section == "versioned_runs":
            self._stored[record["id"]] = None

    def _resolve(self, value: Any) -> Any:
        """The plan's value with prefix and references filled in."""
        if isinstance(value, dict):
            return {key: self._resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolve(item) for item in value]
        if not isinstance(value, str):
            return value
        if value.startswith("="):
            section, key, name = value[1:].split(".")
            made = self._made[section][key]
            if name not in made:
                raise NoData(
                    f"The data set could not be made: what {section} answer has no {name}."
                )
            return made[name]
        return value.replace("{p}", self._prefix)

    def _create(self, operation: str, body: Record, **path: str) -> Exchange:
        """Send a creation, without what the target's version does not have yet."""
        return self._target.post(
            self._spec.contracts[operation].path(**path), self._spec.fit(operation, body)
        )

    def _make_queue(self, body: Record) -> Exchange:
        pool = body.pop("work_pool")
        return self._create("create_work_pool_queue", body, work_pool_name=pool)

    def _make_run(self, body: Record) -> Exchange:
        deployment = self._made["deployments"][body.pop("deployment")]["id"]
        return self._create("create_flow_run_from_deployment", body, id=deployment)

    def _make_versioned_run(self, body: Record) -> Exchange:
        deployment = self._made["deployments"][body.pop("deployment")]["id"]
        exchange = self._create("create_flow_run", body | {"deployment_id": deployment})
        if exchange.status not in (404, 405):
            return exchange
        # A server of the deployment operations alone: a run without a version, then.
        body = {k: v for k, v in body.items() if k not in ("flow_id", "flow_version")}
        return self._create("create_flow_run_from_deployment", body, id=deployment)

    def _change(self) -> None:
        """Change some of the deployments by each operation that does, as the plan says."""
        for key, raw in plan()["updates"].items():
            deployment = self._made["deployments"][key]["id"]
            body = self._spec.fit("update_deployment", self._resolve(raw))
            exchange = self._target.send("PATCH", f"/deployments/{deployment}", json=body)
            self._note(deployment, "update_deployment", body, exchange)
        for operation, keys in plan()["switches"].items():
            for key in keys:
                deployment = self._made["deployments"][key]["id"]
                exchange = self._create(operation, {}, id=deployment)
                body = {"paused": operation == "pause_deployment"}
                self._note(deployment, operation, body, exchange)

    def _create_again(self, key: str, raw: Record) -> None:
        made = self._made["deployments"][key]
        body = self._spec.creation(self._resolve(raw))
        names = {"name": made.get("name"), "flow_id": made.get("flow_id")}
        exchange = self._create("create_deployment", {**names, **body})
        self._note(made["id"], "create_deployment", body, exchange)

    def _note(self, deployment: str, operation: str, body: Record, exchange: Exchange) -> None:
        self._changed_by[deployment] = (*self._changed_by.get(deployment, ()), exchange)
        self._later[deployment] = (*self._later.get(deployment, ()), (operation, body))
        if "work_queue_name" in body:
            self._stored[deployment] = body["work_queue_name"]

    def _enter_states(self) -> None:
        for key, body in plan()["states"].items():
            run = self._made["flow_runs"][key]["id"]
            # A server of the deployment operations alone has no such operation: as well.
            self._create("set_flow_run_state", body, id=run)
            del self._made_by[run]

    def _schedule(self) -> None:
        for key, raw in plan()["schedule"].items():
            deployment = self._made["deployments"][key]["id"]
            path = f"/deployments/{deployment}/schedule"
            self._made_by[deployment] = self._target.post(path, self._resolve(raw))

    def _read_back(self) -> DataSet:
        flows = [flow["id"] for flow in self._made["flows"].values()]
        tasks = [task["id"] for task in self._made["task_runs"].values()]
        pools = [pool["name"] for pool in self._made["work_pools"].values()]
        records = read_all(
            self._target, flows=flows, task_runs=tasks, pools=pools, skip=["deployments"]
        )
        # One by one: what lists and searches answer is what is to be judged by it.
        made = self._made["deployments"]
        records["deployments"] = [
            read_deployment(self._target, made[key])
            for key in sorted(made, key=lambda key: str(made[key].get("name")))
        ]
        stored = dict(self._stored)
        for run in records["flow_runs"]:
            # Runs that the server scheduled take over what their deployment has stored.
            stored.setdefault(run["id"], stored.get(str(run.get("deployment_id"))))
        return DataSet(
            own=True,
            prefix=self._prefix,
            records={kind: tuple(rows) for kind, rows in records.items()},
            sent=self._sent,
            later=self._later,
            changed_by=self._changed_by,
            made_by=self._made_by,
            stored_queue=stored,
        )


def read_deployment(target: Target, made: Record) -> Record:
    """A deployment as it is read by its id; as it was made when it cannot be read."""
    exchange = target.get(f"/deployments/{made['id']}")
    try:
        told = exchange.json() if exchange.status == _OK else None
    except NotJson:
        told = None
    return told if isinstance(told, dict) and told.get("id") == made["id"] else made


def _record(exchange: Exchange, section: str, key: str) -> Record:
    """The record that a creation answered.

    Raises:
        NoData: it was refused, or answered something else.
    """
    try:
        body = exchange.json()
    except NotJson:
        body = None
    if exchange.status in (_OK, _CREATED) and isinstance(body, dict) and "id" in body:
        return body
    answer = exchange.silent or exchange.body[:200].decode("utf-8", "replace")
    raise NoData(
        f"The data set could not be made: {exchange.method} {exchange.path} ({section}.{key}) "
        f"answered {exchange.status} {answer}. Run with --read-only to judge on what is there."
    )
