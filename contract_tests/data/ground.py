"""Objects of the run's own that requests may be aimed at, whatever they do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import FAR, NOBODY, Actor, schedule
from contract_tests.transport.target import may_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from contract_tests.asking.actor import Record
    from contract_tests.running.session import Session
    from contract_tests.spec.contract import Contract

NOWHERE: Final = "no-such-thing-3f1d"


class Ground:
    """Makes and keeps throw-away objects.

    An operation that may change something gets objects of its own, so that what it does to them
    harms no other check. In a read-only run everything is taken from the data that is there.

    Args:
        session: the run.

    Attributes:
        actor: who makes what is needed next; a check puts its own here.
    """

    def __init__(self, session: Session) -> None:
        self.actor = Actor(session, "ground")
        self._session = session
        self._shared: dict[str, Record] = {}
        self._makers: dict[str, Callable[[], Record]] = {
            # The actor of the moment, not the one of now.
            "flows": lambda: self.actor.flow(),  # noqa: PLW0108
            "work_pools": lambda: self.actor.pool(),  # noqa: PLW0108
            "deployments": self._deployment,
            "flow_runs": self._flow_run,
            "task_runs": self._task_run,
            "work_queues": self._queue,
            "variables": self._variable,
            "concurrency_limits": self._limit,
        }

    def shared(self, kind: str) -> Record:
        """An object that is only read, or that others are made for."""
        if kind not in self._shared:
            if self._session.read_only:
                rows = self._session.dataset.records.get(kind, ())
                self._shared[kind] = rows[0] if rows else {"id": NOBODY, "name": NOWHERE}
            else:
                self._shared[kind] = self._makers[kind]()
        return self._shared[kind]

    def fresh(self, kind: str) -> Record:
        """An object that may be changed or deleted."""
        return self._makers[kind]()

    def place(self, contract: Contract) -> dict[str, str]:
        """Path parameters that lead an operation to something that exists.

        For an operation that may change its target, to something new.
        """
        operation = contract.operation
        if not contract.path_names:
            return {}
        changes = may_change(operation.method, operation.path)
        get = self.fresh if changes else self.shared
        parts = operation.path.split("/")
        kind = parts[2] if parts[1] == "v2" else parts[1]
        if kind == "automations":
            return {"resource_id": f"prefect.deployment.{self.shared('deployments')['id']}"}
        if kind == "work_pools" and "queues" in parts:
            queue = get("work_queues")
            pool = queue.get("work_pool_name") or self.shared("work_pools").get("name", NOWHERE)
            return {"work_pool_name": str(pool), "name": str(queue.get("name", NOWHERE))}
        made = get(kind)
        return {name: self._value(name, made) for name in contract.path_names}

    def _value(self, name: str, made: Record) -> str:
        match name:
            case "id_or_name":
                return str(made["id"])
            case "work_pool_name":
                return str(made.get("name", NOWHERE))
            case "deployment_name":
                return str(made.get("name", NOWHERE))
            case "flow_name":
                return str(self._flow_name(made))
            case "schedule_id":
                schedules = made.get("schedules") or [{}]
                return str(schedules[0].get("id", NOBODY))
            case _:
                return str(made.get(name, NOWHERE))

    def _flow_name(self, deployment: Record) -> str:
        flow = self.shared("flows")
        if flow["id"] == deployment.get("flow_id"):
            return str(flow.get("name", NOWHERE))
        rows = self._session.dataset.records["flows"] if self._session.read_only else ()
        named = (str(row.get("name")) for row in rows if row["id"] == deployment.get("flow_id"))
        return next(named, NOWHERE)

    def hints(self, contract: Contract) -> Mapping[str, Any]:
        """Values for required fields of a body, so that it is about our own objects."""
        hints: dict[str, Any] = {
            "flow_id": self.shared("flows")["id"],
            "deployment_ids": [self.shared("deployments")["id"]],
            "schedule": schedule()["schedule"],
        }
        if contract.operation.method == "POST":
            hints["name"] = self.actor.name("made")
        return hints

    def _deployment(self) -> Record:
        return self.actor.deployment(
            self.shared("flows"),
            paused=True,
            enforce_parameter_schema=False,
            work_pool_name=self.shared("work_pools").get("name", NOWHERE),
            schedules=[schedule(active=False)],
        )

    def _flow_run(self) -> Record:
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": FAR}}
        answer = self.actor.call(
            "create_flow_run_from_deployment",
            id=self.shared("deployments")["id"],
            json={"state": state},
        )
        return self.actor.made(answer, "creating a flow run")

    def _task_run(self) -> Record:
        body = {
            "flow_run_id": self.shared("flow_runs")["id"],
            "task_key": self.actor.name("task"),
            "dynamic_key": "0",
        }
        return self.actor.made(self.actor.call("create_task_run", json=body), "creating a task run")

    def _queue(self) -> Record:
        pool = self.shared("work_pools").get("name", NOWHERE)
        body = {"name": self.actor.name("queue")}
        answer = self.actor.call("create_work_pool_queue", work_pool_name=pool, json=body)
        return {"work_pool_name": pool, **self.actor.made(answer, "creating a work queue")}

    def _variable(self) -> Record:
        body = {"name": self.actor.variable_name(), "value": 1}
        return self.actor.made(self.actor.call("create_variable", json=body), "creating a variable")

    def _limit(self) -> Record:
        body = {"name": self.actor.name("limit"), "limit": 1}
        answer = self.actor.call("create_concurrency_limit_v2", json=body)
        return self.actor.made(answer, "creating a concurrency limit")
