"""What the released server checks and no schema says, by schema and by field: as data.

The names of the functions matter: pydantic writes them into the `loc` of errors inside a union.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

from pydantic import AfterValidator, Field, field_validator, model_validator

from mock_server.requests.formats import PositiveSeconds, StandardTime, zone_by_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_SCHEDULED_RUNS: Final = 50
MAX_PARAMETER_BYTES: Final = 512 * 1024

RETIRED: Final = frozenset(
    {
        "worker_pool_name",
        "worker_pool_queue_name",
        "worker_pool_queue_id",
        "work_pool_queue_name",
    }
)
"""Names of old clients that create and update swallow."""

BOTH_LIMITS: Final = (
    "A deployment cannot have both a concurrency limit and a global concurrency limit."
)


# -- checks of one field


def _few_runs(value: int) -> int:
    if value > MAX_SCHEDULED_RUNS:
        raise ValueError(
            f"`max_scheduled_runs` must be less than or equal to {MAX_SCHEDULED_RUNS}."
        )
    return value


def _small(parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    if parameters:
        size = len(json.dumps(parameters, separators=(",", ":")).encode())
        if size > MAX_PARAMETER_BYTES:
            raise ValueError(
                f"Flow run parameters must be less than {MAX_PARAMETER_BYTES:,} bytes when"
                f" serialized (got {size:,} bytes)."
            )
    return parameters


def _name_or_blank(value: object) -> object:
    """A run without a name gets one later, and so does one whose name is null, false or 0."""
    return value or ""


# -- checks of a whole object


def _validate_timezone(schedule: Any) -> Any:
    from mock_server.schedules import check_timezone  # noqa: PLC0415 - slow to import

    if schedule.timezone:
        check_timezone(schedule.timezone)
    elif schedule.timezone is None and "interval" in type(schedule).model_fields:
        schedule.timezone = "UTC"
    return schedule


_validate_timezone.__name__ = "validate_timezone"


def _one_limit(values: Mapping[str, Any]) -> None:
    if values.get("concurrency_limit") and values.get("global_concurrency_limit_id"):
        raise ValueError(BOTH_LIMITS)


def _creation(values: object) -> object:
    """The checks of a new deployment, in the server's order; the echoed body gains `parameters`."""
    if not isinstance(values, dict):
        return values
    _one_limit(values)
    parameters = values.get("parameters", {})
    if values.get("enforce_parameter_schema"):
        from mock_server.requests.conform import check_parameters  # noqa: PLC0415 - rarely needed

        check_parameters(parameters, values.get("parameter_openapi_schema"))
    values["parameters"] = parameters
    return _without_retired(values)


def _change(values: object) -> object:
    if not isinstance(values, dict):
        return values
    _one_limit(values)
    return _without_retired(values)


def _without_retired(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in RETIRED}


# -- the tables

_ZONE: Final = {"validate_timezone": model_validator(mode="after")(_validate_timezone)}
_RUN_NAME: Final = {"run_name": field_validator("name", mode="before")(_name_or_blank)}

VALIDATORS: Final[Mapping[str, Mapping[str, Any]]] = {
    "IntervalSchedule": _ZONE,
    "CronSchedule": _ZONE,
    "DeploymentCreate": {"creation": model_validator(mode="before")(_creation)},
    "DeploymentUpdate": {"change": model_validator(mode="before")(_change)},
    "DeploymentFlowRunCreate": _RUN_NAME,
    "FlowRunCreate": _RUN_NAME,
    "FlowRunUpdate": _RUN_NAME,
    "TaskRunCreate": _RUN_NAME,
}
"""Schema -> validators of its model."""


def _with(check: Any) -> Callable[[Any], Any]:
    """Add a check to the type that the schema gave."""
    return lambda made: Annotated[made, check]


def _instead(make: Callable[[], Any]) -> Callable[[Any], Any]:
    """Take another type than the schema gave, as nullable as it was."""
    return lambda made: make() | None if type(None) in get_args(made) else make()


_SIZED: Final = _with(AfterValidator(_small))
_STANDARD_TIME: Final = _instead(lambda: StandardTime)
# The spec states the bound as one; the server words it as an error of its own.
_FEW: Final = _instead(lambda: Annotated[int, Field(gt=0), AfterValidator(_few_runs)])

FIELD_TYPES: Final[Mapping[tuple[str, str], Callable[[Any], Any]]] = {
    ("DeploymentCreate", "parameters"): _SIZED,
    ("DeploymentUpdate", "parameters"): _SIZED,
    ("DeploymentFlowRunCreate", "parameters"): _SIZED,
    ("FlowRunCreate", "parameters"): _SIZED,
    ("FlowRunUpdate", "parameters"): _SIZED,
    ("DeploymentScheduleCreate", "max_scheduled_runs"): _FEW,
    ("DeploymentScheduleUpdate", "max_scheduled_runs"): _FEW,
    ("IntervalSchedule", "interval"): _instead(lambda: PositiveSeconds),
    ("RRuleSchedule", "timezone"): _instead(zone_by_pattern),
    ("ScheduleDeploymentBody", "start_time"): _STANDARD_TIME,
    ("ScheduleDeploymentBody", "end_time"): _STANDARD_TIME,
}
"""(Schema, property) -> what becomes of the property's type."""
