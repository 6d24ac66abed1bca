"""Makes, reads and compares the objects of a walk."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.probe import Probe, Stop
from contract_tests.findings import MISSING
from contract_tests.rules.rows import is_equal
from contract_tests.transport.exchange import NotJson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from contract_tests.running.session import Session
    from contract_tests.transport.exchange import Exchange

Record = dict[str, Any]

OK: Final = 200
CREATED: Final = 201
NO_CONTENT: Final = 204
NOT_FOUND: Final = 404
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422

NOBODY: Final = "00000000-0000-4000-8000-00000000dead"
"""An id that no server has given out."""

# A server changes these by itself: when a worker polls, when a run takes a slot.
VOLATILE: Final = frozenset(
    {"updated", "status", "last_polled", "updated_by", "global_concurrency_limit"}
)
# Never change once a deployment is there.
CONSTANT: Final = ("id", "created", "name", "flow_id")
_NUMBERS: Final = count(1)
# Beyond what the scheduler of any server looks at.
FAR: Final = "2090-01-01T00:00:00Z"


class Made(dict[str, Any]):
    """An object that was answered. Without a field that it must have, nothing more can be judged.

    That the field is missing is told when the shape of the answer is judged.
    """

    def __missing__(self, field: str) -> Any:
        raise Stop(field)


class Actor(Probe):
    """A probe that knows how to make what a walk needs.

    Args:
        session: the run.
        label: names what it makes, after the run's prefix.
    """

    def __init__(self, session: Session, label: str) -> None:
        super().__init__(session)
        self._label = label

    def name(self, what: str = "x") -> str:
        """A name that nothing else on the target has."""
        return f"{self.session.prefix}{self._label}-{what}-{next(_NUMBERS)}"

    def variable_name(self, what: str = "variable") -> str:
        """A name for a variable: lower case, and before 3.4.1 without dashes."""
        name = self.name(what).lower()
        dashes = self.spec.does("takes dashes in names of variables")
        return name if dashes else name.replace("-", "_")

    def knows(self, schema: str, field: str) -> bool:
        """Whether a server of the target's version has the property of a schema."""
        return field in self.spec.properties(schema)

    def fit(self, schema: str, body: Mapping[str, Any]) -> Record:
        """The body without the properties that the target's version does not have."""
        found = self.spec.document["components"]["schemas"][schema]
        fitted: Record = self.spec.fit_to(found, dict(body))
        return fitted

    def flow(self) -> Record:
        """A new flow."""
        answer = self.call("create_flow", json={"name": self.name("flow")})
        return self.made(answer, "creating a flow")

    def pool(self) -> Record:
        """A new work pool."""
        answer = self.call("create_work_pool", json={"name": self.name("pool"), "type": "process"})
        return self.made(answer, "creating a work pool")

    def made(self, answer: Exchange, what: str) -> Record:
        """The object that a creation answered with.

        Raises:
            Stop: it was not made.
        """
        self.status(answer, OK, CREATED, rule="lifecycle.create", when=what)
        body = value_of(answer)
        if answer.status not in (OK, CREATED) or not isinstance(body, dict) or "id" not in body:
            raise Stop
        return Made(body)

    def post_deployment(self, flow: Record, **fields: Any) -> Exchange:
        """Send a creation, with the fields that the target's version has."""
        body = {"name": self.name("deployment"), "flow_id": flow["id"], **fields}
        return self.call("create_deployment", json=self.fit("DeploymentCreate", body))

    def deployment(self, flow: Record, **fields: Any) -> Record:
        """A new deployment.

        Raises:
            Stop: it was not made.
        """
        answer = self.post_deployment(flow, **self.spec.creation(fields))
        self.status(answer, CREATED, rule="lifecycle.create", when="creating a deployment")
        return self.made(answer, "creating a deployment")

    def read(self, deployment_id: str) -> tuple[Record, Exchange]:
        """A deployment as it is now.

        Raises:
            Stop: it cannot be read.
        """
        answer = self.call("read_deployment", id=deployment_id)
        self.status(answer, OK, rule="lifecycle.read", when="reading a deployment that exists")
        body = value_of(answer)
        if answer.status != OK or not isinstance(body, dict):
            raise Stop
        return Made(body), answer

    def compare(
        self,
        rule: str,
        exchange: Exchange,
        want: Mapping[str, Any],
        got: Mapping[str, Any],
        what: str,
        *,
        after: Exchange | None = None,
    ) -> bool:
        """Expect each field of `want` to be in `got`; one finding per field that differs.

        That a field is missing is told once, where the shape of the answer is judged.
        """
        wrong = [name for name, value in want.items() if not is_equal(value, got.get(name))]
        if not got.keys() >= set(wrong) and not self.is_whole(exchange):
            wrong = [name for name in wrong if name in got]
        for name in wrong:
            self.expect(
                False,  # noqa: FBT003 - it differs
                rule,
                exchange,
                f"{what}: {name}",
                expected=repr(want[name]),
                got=repr(got[name]) if name in got else MISSING,
                after=after,
            )
        return not wrong

    def count(self, operation_id: str, body: Mapping[str, Any]) -> tuple[int | None, Exchange]:
        """What a count operation answers; None when it is no number."""
        answer = self.call(operation_id, json=body)
        value = value_of(answer)
        return (value if isinstance(value, int) and answer.status == OK else None), answer


def value_of(exchange: Exchange) -> Any:
    """The body, or None when it is no JSON; that has been judged already."""
    try:
        return exchange.json()
    except NotJson:
        return None


def rows(exchange: Exchange) -> list[Record]:
    """The objects of a list answer; none when it is no such list."""
    value = value_of(exchange)
    if exchange.status not in (OK, CREATED):
        return []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def ids(records: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Their ids, in order."""
    return [record.get("id") for record in records]


def steady(record: Mapping[str, Any], *besides: str) -> Record:
    """A deployment without what a server changes by itself, and without the fields named."""
    return {
        name: value
        for name, value in record.items()
        if name not in VOLATILE and name not in besides
    }


def only(deployment_id: str) -> dict[str, Any]:
    """The filter for one deployment."""
    return {"deployments": {"id": {"any_": [deployment_id]}}}


def schedule(kind: str = "interval", **fields: Any) -> Record:
    """A schedule to send; far ahead, so that no server starts anything for it."""
    kinds = {
        "interval": {"interval": 3600, "anchor_date": FAR, "timezone": "UTC"},
        "cron": {"cron": "15 3 1 1 *", "timezone": "UTC", "day_or": True},
        "rrule": {"rrule": "DTSTART:20900101T000000\nRRULE:FREQ=DAILY;COUNT=50", "timezone": "UTC"},
    }
    return {"schedule": kinds[kind], **fields}
