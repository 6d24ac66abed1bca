"""Schemathesis over the mock: what it makes of every operation, aimed at data that is there.

Its checks of statuses, headers and bodies judge each answer. Two are left out, since they ask what
the released server does not hold to either (`contract_tests` judges that, by `lax.yaml`): whether
all that the schema allows is accepted, and whether all that it forbids is refused.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

import openapi
from contract_tests.cases.schemathesis_bridge import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.generation.case import Case
    from schemathesis.schemas import APIOperation

    from mock_server.running import RunningMock

LEFT_OUT: list[Any] = [negative_data_rejection, positive_data_acceptance]
SERVER_ERROR = 500
# Of the requests to one object, so many are aimed at one that exists.
AIMED = 0.8
# The others say which version they want, which most often ends the matter.
UNVERSIONED = 0.9
KINDS = {
    "deployments": "deployments",
    "flows": "flows",
    "flow_runs": "flow_runs",
    "task_runs": "task_runs",
    "work_pools": "work_pools",
    "work_queues": "work_queues",
    "variables": "variables",
    "v2": "concurrency_limits",
}


@dataclass
class Outcome:
    """What a run has seen.

    Attributes:
        statuses: how many answers had which status.
        failures: what a check found, with the request that shows it; one of each kind.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """How many requests were answered."""
        return sum(self.statuses.values())


class Fuzzer:
    """Sends cases to a mock and collects what is wrong with the answers.

    Args:
        mock: the mock; each operation begins with the state that it has now.
        seed: the same seed makes the same cases.
    """

    def __init__(self, mock: RunningMock, seed: int) -> None:
        self.outcome = Outcome()
        self._mock = mock
        self._seed = seed
        self._random = random.Random(seed)
        self._session = requests.Session()
        document = dict(openapi.load())
        Bridge(document)  # tells Schemathesis the formats of ours
        schema = schemathesis.openapi.from_dict(document)
        self._operations = [
            result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)
        ]

    def run(self, examples: int, operations: int | None = None) -> Outcome:
        """Send so many valid and so many invalid cases to each operation.

        Args:
            examples: how many of each sort.
            operations: how many operations, drawn by the seed; all of them unless told.
        """
        chosen = self._random.sample(self._operations, operations or len(self._operations))
        for operation in chosen:
            before = self._mock.store.snapshot()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self._draw(operation, mode, examples)
            self._mock.store.rollback(before)
        return self.outcome

    def _draw(self, operation: APIOperation[Any, Any, Any, Any], mode: Any, examples: int) -> None:
        def send(case: Case[Any]) -> None:
            self._send(case, valid=mode is GenerationMode.POSITIVE)

        quiet = settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        # An operation without any input has none that breaks its schema.
        with suppress(Unsatisfiable):
            seeded(self._seed)(quiet(given(operation.as_strategy(generation_mode=mode))(send)))()

    def _send(self, case: Case[Any], *, valid: bool) -> None:
        if valid:
            self._aim(case)
        response = case.call(base_url=self._mock.url, session=self._session)
        self.outcome.statuses[response.status_code] += 1
        for error in _errors(case, response):
            key = case.operation.label, getattr(error, "title", type(error).__name__)
            self.outcome.failures.setdefault(key, str(error))

    def _aim(self, case: Case[Any]) -> None:
        """Let a valid case name an object that exists, and no version."""
        if self._random.random() < UNVERSIONED:
            for name in [name for name in case.headers or {} if "version" in name.lower()]:
                del case.headers[name]
        records = list(islice(self._records(case.path), 50))
        if records and case.path_parameters and self._random.random() < AIMED:
            chosen = self._random.choice(records)
            for name in case.path_parameters:
                value = chosen["id"] if name.endswith("id") else chosen.get("name")
                if value:
                    case.path_parameters[name] = value

    def _records(self, path: str) -> Iterator[Any]:
        kind = KINDS.get(path.split("/")[1])
        return iter(()) if kind is None else iter(self._mock.store.all(kind))


def _errors(case: Case[Any], response: Any) -> list[BaseException]:
    try:
        case.validate_response(response, excluded_checks=LEFT_OUT)
    except BaseExceptionGroup as group:
        return [*group.exceptions]
    except AssertionError as error:
        return [error]
    return []
