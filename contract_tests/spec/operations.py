"""Which operation of the spec a request belongs to, and where the spec describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from openapi.structure import escape
from openapi.structure import operations as operations_of

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE_TAG = "Deployments"
# The families of paths that a run fuzzes: deployments, and what its data set consists of. The rest
# (blocks, automations, events, logs, what the web UIs ask) is there for clients of the mock; a run
# neither makes nor removes such objects.
_FUZZED = frozenset(
    {
        "deployments",
        "flows",
        "flow_runs",
        "task_runs",
        "work_pools",
        "work_queues",
        "variables",
        "v2",
    }
)
# Of these families, what is there for clients of the mock alone. Labels that a released server
# takes and cannot show would break the target's runs; slots may be those of somebody else's limit.
_SPARED = frozenset(
    {
        "update_flow_run_labels",
        "resume_flow_run",
        "bulk_increment_active_slots",
        "bulk_increment_active_slots_with_lease",
        "bulk_decrement_active_slots",
        "bulk_decrement_active_slots_with_lease",
        "renew_concurrency_lease",
    }
)
_ABOUT_THE_SERVER: Final = frozenset({"admin", "health", "hello", "version"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the spec.

    Attributes:
        id: its operationId.
        method: upper case.
        path: its path template.
        core: it is one of the deployment operations, not a supporting one.
        since: the server version that first has it.
    """

    id: str
    method: str
    path: str
    core: bool
    since: str

    @property
    def fuzzed(self) -> bool:
        """Whether a run sends it generated requests."""
        family = self.path.split("/")[1]
        return family in _FUZZED | _ABOUT_THE_SERVER and self.id not in _SPARED

    @property
    def about_the_server(self) -> bool:
        """Whether it tells of the server itself, as a gateway or Prefect Cloud need not."""
        return self.path.split("/")[1] in _ABOUT_THE_SERVER

    @property
    def pointer(self) -> str:
        """Its JSON pointer into the bundle."""
        return f"#/paths/{escape(self.path)}/{self.method.lower()}"

    def response_pointer(self, status: int | str) -> str:
        """The place of one of its responses."""
        return f"{self.pointer}/responses/{status}"

    def body_pointer(self) -> str:
        """The place of its request body's schema."""
        return f"{self.pointer}/requestBody/content/{escape('application/json')}/schema"


class Operations:
    """The operations of a bundled spec."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._all = tuple(_read(document))
        self._by_id = {operation.id: operation for operation in self._all}
        self._by_shape = sorted(
            ((_pattern(operation.path), operation) for operation in self._all),
            # A fixed segment wins over a parameter: /deployments/count is no deployment's id.
            key=lambda pair: [part.startswith("{") for part in pair[1].path.split("/")],
        )

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def __getitem__(self, operation_id: str) -> Operation:
        return self._by_id[operation_id]

    def match(self, method: str, path: str) -> Operation | None:
        """The operation that answers the path (below the base URL), or None."""
        for pattern, operation in self._by_shape:
            if operation.method == method.upper() and pattern.fullmatch(path):
                return operation
        return None

    def name(self, method: str, path: str) -> str:
        """The operationId, or method and path when the spec has no such operation."""
        operation = self.match(method, path)
        return operation.id if operation else f"{method.upper()} {path}"


@lru_cache(maxsize=1)
def operations() -> Operations:
    """The operations of our own spec."""
    import openapi  # noqa: PLC0415 - reading the bundle costs; not every command needs it

    return Operations(openapi.load())


def _read(document: dict[str, Any]) -> Iterator[Operation]:
    for path, method, body in operations_of(document):
        yield Operation(
            id=body["operationId"],
            method=method.upper(),
            path=path,
            core=CORE_TAG in body.get("tags", ()),
            since=body.get("x-prefect-since", "3.0.0"),
        )


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join("[^/]+" if p.startswith("{") else re.escape(p) for p in parts))
