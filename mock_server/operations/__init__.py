"""The operations of the mock: plain functions of a `Call`, named by their operationId."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Final

from mock_server.errors import Conflict
from mock_server.operations import (
    artifacts,
    automations,
    blocks,
    concurrency_limits,
    concurrency_slots,
    deployment_runs,
    deployment_schedules,
    deployment_updates,
    deployments,
    event_counts,
    events,
    flow_run_inputs,
    flow_runs,
    flows,
    histories,
    logs,
    run_graphs,
    server,
    task_runs,
    ui,
    variables,
    work_pools,
    work_queues,
    workers,
)
from mock_server.store.tables import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

    from mock_server.call import Call, Reply

    Operation = Callable[[Call], Reply]

MODULES: Final = (
    artifacts,
    automations,
    blocks,
    concurrency_limits,
    concurrency_slots,
    deployment_runs,
    deployment_schedules,
    deployment_updates,
    deployments,
    event_counts,
    events,
    flow_run_inputs,
    flow_runs,
    flows,
    logs,
    histories,
    run_graphs,
    server,
    task_runs,
    ui,
    variables,
    work_pools,
    work_queues,
    workers,
)


def _atomic(operation: Operation) -> Operation:
    """An operation that leaves nothing behind when it fails.

    What the state does not admit is the client's conflict.
    """

    @wraps(operation)
    def run(call: Call) -> Reply:
        try:
            with call.store.transaction():
                return operation(call)
        except IntegrityError as error:
            raise Conflict from error

    return run


def _operations(module: ModuleType) -> Iterator[tuple[str, Operation]]:
    """The public functions that a module itself defines and that answer with a `Reply`."""
    for name, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__
        if own and not name.startswith("_") and value.__annotations__.get("return") == "Reply":
            yield name, _atomic(value)


OPERATIONS: Final[Mapping[str, Operation]] = {
    name: operation for module in MODULES for name, operation in _operations(module)
}
"""operationId -> the function that answers it."""
