"""Random walks over several deployments at once, each step held against the model.

A walk is a list of steps drawn beforehand; a step names its subject by a number, so that a walk
stays one when steps are taken out of it. That is how a failing walk is made shorter: it is walked
again, on new objects, without this or that step, as long as it still fails in the same way.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import (
    CREATED,
    FAR,
    NO_CONTENT,
    NOT_FOUND,
    OK,
    Actor,
    rows,
    schedule,
)
from contract_tests.asking.probe import Stop
from contract_tests.findings import Violation
from contract_tests.lifecycle.model import World
from contract_tests.transport.target import may_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from random import Random

    from contract_tests.asking.actor import Record
    from contract_tests.lifecycle.model import Deployment
    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange

RULES: Final = (
    "bystander",
    "create",
    "delete",
    "found",
    "gone",
    "idempotency",
    "pause",
    "read",
    "schedule-runs",
    "schedules",
    "update",
    "upsert",
)
"""What a walk judges by."""

_FLOWS: Final = 2
_NAMES: Final = ("first", "second", "third")
_KEYS: Final = ("k1", "k2")
_VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "paused": (True, False),
    "tags": ([], ["red"], ["red", "blue"]),
    "description": (None, "", "words"),
    "version": (None, "1"),
    "path": (None, "/srv"),
    "entrypoint": (None, "flows.py:main"),
    "parameters": ({}, {"x": 1}, {"deep": {"y": [None]}}),
    "job_variables": ({}, {"image": "a"}),
    "enforce_parameter_schema": (True, False),
}
# Creation and change come more often than deletion: there must be something to look at.
_WEIGHTS: Final[Mapping[str, int]] = {
    "create": 5,
    "update": 5,
    "pause": 2,
    "resume": 2,
    "add_schedule": 3,
    "change_schedule": 2,
    "drop_schedule": 2,
    "run": 3,
    "schedule_runs": 2,
    "delete": 2,
    "look": 1,
}
_LATEST: Final = 6  # requests told before the one that fails


@dataclass(frozen=True)
class Step:
    """One step: what to do, to which subject, with which choices."""

    kind: str
    subject: int
    fields: Mapping[str, Any]
    choice: int


def draw(random: Random, steps: int) -> list[Step]:
    """A walk of so many steps, and a look at everything at its end."""
    kinds = list(_WEIGHTS)
    return [
        Step(
            # There must be something to look at before anything can be done to it.
            kind=random.choices(kinds, weights=list(_WEIGHTS.values()))[0] if n > 1 else "create",
            subject=random.randrange(1000),
            fields={
                name: random.choice(values)
                for name, values in _VALUES.items()
                if random.random() < 1 / 3
            },
            choice=random.randrange(1000),
        )
        for n in range(steps)
    ] + [Step("look", 0, {}, 0)]


class Walker(Actor):
    """Walks one list of steps on objects of its own.

    Args:
        session: the run.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session, "machine")
        self._world = World()
        self._history: list[Exchange] = []
        self._flows: list[Record] = []
        self._mark = self.name("walk")

    def call(self, operation_id: str, **kwargs: Any) -> Exchange:
        """Send, and remember what may have changed something."""
        exchange = super().call(operation_id, **kwargs)
        if may_change(exchange.method, exchange.path):
            self._history.append(exchange)
        return exchange

    def walk(self, steps: list[Step]) -> Violation | None:
        """The first violation on the way, with the requests that led to it; None at the end."""
        try:
            self._flows = [self.flow() for _ in range(_FLOWS)]
            for step in steps:
                _STEPS[step.kind](self, step)
                if self.violations:
                    break
        except Stop:
            pass
        first = next(iter(self.violations.values()), None)
        if first is None:
            return None
        before = [one for one in self._history if one != first.finding.exchange]
        return Violation(replace(first.finding, others=tuple(before[-_LATEST:])))

    def _subject(self, step: Step) -> Deployment | None:
        alive = self._world.alive()
        return alive[step.subject % len(alive)] if alive else None

    def create(self, step: Step) -> None:
        """Create a deployment, or bring one up to date whose name is taken."""
        flow = step.subject % _FLOWS
        name = f"{self._mark}-{_NAMES[step.choice % len(_NAMES)]}"
        body: Record = {"name": name, "flow_id": self._flows[flow]["id"], **step.fields}
        if step.choice % 3:
            body["schedules"] = [
                schedule(kind, active=bool(step.choice % 2), slug=kind)
                for kind in ("interval", "cron")[: step.choice % 3]
            ]
        known = self._world.deployments.get((flow, name))
        body = self.spec.creation(body) if known is None else self.fit("DeploymentCreate", body)
        answer = self.call("create_deployment", json=body)
        rule = "lifecycle.create" if known is None else "lifecycle.upsert"
        wanted = CREATED if known is None else OK
        what = "creating a new deployment" if known is None else "creating one that is there"
        self.status(answer, wanted, rule=rule, when=what)
        made = self.made(answer, what)
        self.expect(
            (known is None and made["id"] not in self._ids())
            or (known is not None and made["id"] == known.id),
            rule,
            answer,
            "the id is not that of the deployment",
            expected="a new id" if known is None else known.id,
            got=made["id"],
        )
        self._check(self._world.created(made, flow, body), rule)

    def _ids(self) -> set[str]:
        return {one.id for one in self._world.alive()} | set(self._world.gone)

    def update(self, step: Step) -> None:
        """Change some fields."""
        one = self._subject(step)
        if one is None:
            return
        answer = self.call("update_deployment", id=one.id, json=dict(step.fields))
        if self.status(answer, NO_CONTENT, rule="lifecycle.update", when="changing a deployment"):
            one.fields.update(step.fields)
        self._check(one, "lifecycle.update")

    def pause(self, step: Step) -> None:
        """Pause."""
        self._set_paused(step, "pause_deployment", paused=True)

    def resume(self, step: Step) -> None:
        """Resume."""
        self._set_paused(step, "resume_deployment", paused=False)

    def _set_paused(self, step: Step, operation: str, *, paused: bool) -> None:
        one = self._subject(step)
        if one is None:
            return
        answer = self.call(operation, id=one.id)
        if self.status(answer, OK, rule="lifecycle.pause", when=operation):
            one.fields["paused"] = paused
        self._check(one, "lifecycle.pause")

    def add_schedule(self, step: Step) -> None:
        """Add a schedule, of a slug that is free."""
        one = self._subject(step)
        if one is None:
            return
        item = self.fit(
            "DeploymentScheduleCreate",
            schedule("rrule", active=bool(step.choice % 2), slug=self.name("slug")),
        )
        answer = self.call("create_deployment_schedules", id=one.id, json=[item])
        self.status(answer, CREATED, rule="lifecycle.schedules", when="adding a schedule")
        for made in rows(answer)[:1]:
            one.schedules[made["id"]] = item
        self._check(one, "lifecycle.schedules")

    def _schedule(self, step: Step) -> tuple[Deployment, str] | None:
        one = self._subject(step)
        if one is None or not one.schedules:
            return None
        return one, list(one.schedules)[step.choice % len(one.schedules)]

    def change_schedule(self, step: Step) -> None:
        """Switch a schedule on or off."""
        chosen = self._schedule(step)
        if chosen is None:
            return
        one, schedule_id = chosen
        body = {"active": bool(step.choice % 2)}
        answer = self.call(
            "update_deployment_schedule", id=one.id, schedule_id=schedule_id, json=body
        )
        if self.status(answer, NO_CONTENT, rule="lifecycle.schedules", when="changing a schedule"):
            one.schedules[schedule_id] = {**one.schedules[schedule_id], **body}
        self._check(one, "lifecycle.schedules")

    def drop_schedule(self, step: Step) -> None:
        """Delete a schedule."""
        chosen = self._schedule(step)
        if chosen is None:
            return
        one, schedule_id = chosen
        answer = self.call("delete_deployment_schedule", id=one.id, schedule_id=schedule_id)
        if self.status(answer, NO_CONTENT, rule="lifecycle.schedules", when="deleting a schedule"):
            del one.schedules[schedule_id]
        self._check(one, "lifecycle.schedules")

    def run(self, step: Step) -> None:
        """Create a run, with a key that may be in use."""
        one = self._subject(step)
        if one is None:
            return
        key = f"{self._mark}-{_KEYS[step.choice % len(_KEYS)]}"
        known = self._world.keys.get((one.flow, key))
        body = {
            "idempotency_key": key,
            "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": FAR}},
        }
        answer = self.call("create_flow_run_from_deployment", id=one.id, json=body)
        rule = "lifecycle.idempotency"
        what = "creating a run of a new key" if known is None else "creating a run of a used key"
        self.status(answer, CREATED if known is None else OK, rule=rule, when=what)
        made = self.made(answer, what)
        if known is None:
            self._world.keys[one.flow, key] = made["id"]
            one.runs.add(made["id"])
        else:
            self.expect(
                made["id"] == known,
                rule,
                answer,
                "another run is answered for a used key",
                expected=known,
                got=made["id"],
            )

    def schedule_runs(self, step: Step) -> None:
        """Make runs of the schedules, twice: the second time makes none."""
        one = self._subject(step)
        if one is None:
            return
        stretch = {"start_time": FAR, "min_runs": 2, "max_runs": 2}
        counts = []
        for _ in range(2):
            answer = self.call("schedule_deployment", id=one.id, json=stretch)
            self.status(answer, OK, rule="lifecycle.schedule-runs", when="scheduling runs")
            body = {
                "deployments": {"id": {"any_": [one.id]}},
                "flow_runs": {
                    "tags": {"all_": ["auto-scheduled"]},
                    "expected_start_time": {"after_": FAR},
                },
            }
            number, counting = self.count("count_flow_runs", body)
            counts.append(number)
        self.expect(
            counts[0] == counts[1],
            "lifecycle.schedule-runs",
            counting,
            "scheduling again makes runs again",
            expected=counts[0],
            got=counts[1],
            after=answer,
        )
        active = any(item.get("active", True) for item in one.schedules.values())
        self.expect(
            not active or counts[0] != 0,
            "lifecycle.schedule-runs",
            counting,
            "an active schedule makes no runs",
            expected="some",
            got=counts[0],
            after=answer,
        )

    def delete(self, step: Step) -> None:
        """Delete, and ask again."""
        one = self._subject(step)
        if one is None:
            return
        answer = self.call("delete_deployment", id=one.id)
        if not self.status(answer, NO_CONTENT, rule="lifecycle.delete", when="deleting"):
            return
        self._world.deleted(one)
        for operation in ("read_deployment", "delete_deployment"):
            again = self.call(operation, id=one.id)
            self.status(
                again, NOT_FOUND, rule="lifecycle.gone", when=f"{operation} after its deletion"
            )

    def look(self, _: Step) -> None:
        """Read all deployments of both flows: they are those of the model, as it has them."""
        body = {"flows": {"id": {"any_": [flow["id"] for flow in self._flows]}}, "limit": 20}
        answer = self.call("read_deployments", json=body)
        if answer.status != OK:
            return
        alive = {one.id: one for one in self._world.alive()}
        shown = {str(row.get("id")): row for row in rows(answer)}
        self.expect(
            alive.keys() == shown.keys(),
            "lifecycle.found",
            answer,
            "the deployments of a flow are not those that were made and not deleted",
            expected=sorted(alive),
            got=sorted(shown),
        )
        for key in alive.keys() & shown.keys():
            self.compare(
                "lifecycle.bystander",
                answer,
                alive[key].shown(),
                shown[key],
                "a deployment is not as it was left",
            )

    def _check(self, one: Deployment, rule: str) -> None:
        """Read a deployment and hold it against the model."""
        shown, reading = self.read(one.id)
        last = self._history[-1]
        self.compare(rule, reading, one.shown(), shown, "not as the model has it", after=last)
        # A deviation that is known must not be told again at every later step.
        one.fields.update({name: shown[name] for name in one.fields.keys() & shown.keys()})
        got = {
            str(item.get("id")): item
            for item in shown.get("schedules") or ()
            if isinstance(item, dict)
        }
        if self.expect(
            got.keys() == one.schedules.keys(),
            "lifecycle.schedules",
            reading,
            "the schedules are not those that were made and not deleted",
            expected=sorted(one.schedules),
            got=sorted(got),
            after=last,
        ):
            for key, item in one.schedules.items():
                self.expect(
                    got[key].get("active") is item.get("active", True),
                    "lifecycle.schedules",
                    reading,
                    "a schedule is on that must be off, or the other way round",
                    expected=item.get("active", True),
                    got=got[key].get("active"),
                    after=last,
                )


_STEPS: Final[Mapping[str, Callable[[Walker, Step], None]]] = {
    kind: getattr(Walker, kind) for kind in _WEIGHTS
}


def explore(session: Session, number: int) -> None:
    """Walk one random walk; if it fails, find a shorter one that fails alike.

    Raises:
        Violation: with the requests of the shortest walk found.
    """
    steps = draw(session.random(f"machine/{number}"), session.profile.lifecycle_steps)
    found = Walker(session).walk(steps)
    if found is None:
        return
    deadline = time.monotonic() + session.profile.shrink_seconds
    size = max(1, len(steps) // 2)
    while size and time.monotonic() < deadline:
        shorter = _shorten(session, steps, size, found, deadline)
        if shorter is None:
            size //= 2
        else:
            steps, found = shorter
    raise found


def _shorten(
    session: Session, steps: list[Step], size: int, found: Violation, deadline: float
) -> tuple[list[Step], Violation] | None:
    """The walk without some of its steps, if it still fails with the same finding."""
    for fewer in _without(steps, size):
        if time.monotonic() > deadline:
            return None
        again = Walker(session).walk(fewer)
        if again is not None and again.finding.key == found.finding.key:
            return fewer, again
    return None


def _without(steps: list[Step], size: int) -> Iterator[list[Step]]:
    for start in range(0, len(steps), size):
        yield steps[:start] + steps[start + size :]
