"""What becomes of the types that the schemas give, by schema and by field: as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, ForwardRef, Literal, Union, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from mock_server.requests import checks
from mock_server.requests.formats import (
    AS_IS,
    PositiveSeconds,
    Seconds,
    SecondsFromNone,
    StandardTime,
    zone_by_pattern,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Change = Callable[[Any], Any]


def _after(check: Callable[..., Any]) -> Change:
    """Check what the type that the schema gave lets through."""
    return lambda made: Annotated[made, AfterValidator(check)]


def _before(check: Callable[..., Any]) -> Change:
    """Check a value before the type that the schema gave does."""
    return lambda made: Annotated[made, BeforeValidator(check)]


def _instead(make: Callable[[], Any]) -> Change:
    """Take another type than the schema gave, as nullable as it was."""
    return lambda made: make() | None if type(None) in get_args(made) else make()


_SIZED: Final = _after(checks.small)
_JOB_TEMPLATE: Final = _instead(
    lambda: Annotated[dict[str, Any], AfterValidator(checks.job_template)]
)
# The spec states these bounds as such; the server words them as errors of their own.
_FEW: Final = _instead(lambda: Annotated[int, Field(gt=0), AfterValidator(checks.few_runs)])
_CACHE_KEY: Final = _instead(lambda: Annotated[str, AfterValidator(checks.cache_key)])
_JITTER: Final = _instead(lambda: Annotated[float, AfterValidator(checks.not_negative)])
_DELAYS: Final = _instead(
    lambda: Annotated[
        int | float | list[int] | list[float] | None, AfterValidator(checks.few_delays)
    ]
)
# What is too short is refused by the operation, what is too long by the type.
_LENGTH: Final = _instead(lambda: Annotated[float, Field(le=86399999999999)])
_VARIABLE_NAME: Final = _instead(
    lambda: Annotated[str, AfterValidator(checks.variable_name), Field(max_length=255)]
)
_VARIABLE_VALUE: Final = _before(checks.variable_value)
_SET: Final = _instead(lambda: Annotated[set[str], AfterValidator(sorted), AS_IS])
_BLOCK_NAME: Final = _instead(
    lambda: Annotated[str, Field(pattern="^[^/%&><]+$"), AfterValidator(checks.block_document_name)]
)
_SLUG: Final = _instead(lambda: Annotated[str, AfterValidator(checks.block_type_slug)])
_RESOURCE: Final = _instead(lambda: Annotated[dict[str, str], AfterValidator(checks.resource)])
_RELATED: Final = _instead(
    lambda: list[Annotated[dict[str, str], AfterValidator(checks.related_resource)]]
)
_PAIRS: Final = _instead(lambda: list[tuple[str, str]])
_HOLDER: Final = _instead(lambda: Literal["flow_run", "task_run", "deployment"])
_RETRY_TYPE: Final = _instead(lambda: Literal["in_process", "reschedule"])

_SPAN: Final = _instead(lambda: Seconds)
_DELAY: Final = _instead(lambda: Annotated[Seconds, AfterValidator(checks.no_negative_delay)])

_BYTES: Final = _instead(lambda: Annotated[bytes, AfterValidator(bytes.decode), AS_IS])

TRIGGERS: Final = ("EventTrigger", "CompoundTrigger", "SequenceTrigger")
"""Schemas of automations' triggers. Their parts are triggers as well, which the spec does not say:
a schema that holds itself cannot be written out."""
_PARTS: Final = _instead(
    lambda: list[Union[tuple(map(ForwardRef, TRIGGERS))]]  # type: ignore[misc] # noqa: UP007
)

FIELD_TYPES: Final[Mapping[tuple[str, str], Change]] = {
    ("ArtifactCreate", "key"): _instead(
        lambda: Annotated[str, AfterValidator(checks.artifact_key)]
    ),
    ("BlockDocumentCreate", "name"): _BLOCK_NAME,
    ("BlockTypeCreate", "slug"): _SLUG,
    ("CompoundTrigger", "triggers"): _PARTS,
    ("CompoundTrigger", "within"): _SPAN,
    ("ConcurrencyLeaseHolder", "type"): _HOLDER,
    ("CreateFlowRunInputBody", "value"): _BYTES,
    ("DeploymentCreate", "parameters"): _SIZED,
    ("DeploymentUpdate", "parameters"): _SIZED,
    ("DeploymentFlowRunCreate", "parameters"): _SIZED,
    ("DeploymentScheduleCreate", "max_scheduled_runs"): _FEW,
    ("DeploymentScheduleUpdate", "max_scheduled_runs"): _FEW,
    ("EventCreate", "related"): _RELATED,
    ("EventCreate", "resource"): _RESOURCE,
    ("EventRelatedFilter", "resources_in_roles"): _PAIRS,
    ("EventTrigger", "within"): _instead(lambda: SecondsFromNone),
    ("FlowRunCreate", "parameters"): _SIZED,
    ("FlowRunPolicy", "pause_keys"): _SET,
    ("FlowRunPolicy", "retry_type"): _RETRY_TYPE,
    ("FlowRunUpdate", "parameters"): _SIZED,
    ("FlowRunsHistoryBody", "history_interval_seconds"): _LENGTH,
    ("IntervalSchedule", "interval"): _instead(lambda: PositiveSeconds),
    ("RRuleSchedule", "timezone"): _instead(zone_by_pattern),
    ("RunDeploymentAction", "schedule_after"): _DELAY,
    ("ScheduleDeploymentBody", "end_time"): _instead(lambda: StandardTime),
    ("ScheduleDeploymentBody", "start_time"): _instead(lambda: StandardTime),
    ("SequenceTrigger", "triggers"): _PARTS,
    ("SequenceTrigger", "within"): _SPAN,
    ("TaskRunCreate", "cache_key"): _CACHE_KEY,
    ("TaskRunPolicy", "retry_delay"): _DELAYS,
    ("TaskRunsHistoryBody", "history_interval_seconds"): _LENGTH,
    ("TaskRunPolicy", "retry_jitter_factor"): _JITTER,
    ("VariableCreate", "name"): _VARIABLE_NAME,
    ("VariableCreate", "value"): _VARIABLE_VALUE,
    ("VariableUpdate", "name"): _VARIABLE_NAME,
    ("VariableUpdate", "value"): _VARIABLE_VALUE,
    ("WorkPoolCreate", "base_job_template"): _JOB_TEMPLATE,
    ("WorkPoolCreate", "name"): _before(checks.name_of_something),
    ("WorkPoolUpdate", "base_job_template"): _JOB_TEMPLATE,
}
"""(Schema, property) -> what becomes of the property's type."""

COMPONENT_TYPES: Final[Mapping[str, Change]] = {
    # Not only lists are sequences, and the refusal says so.
    "SlotMode": lambda _: Literal["concurrency", "rate_limit"],
    "LogLines": lambda made: Sequence[get_args(made)[0]],  # type: ignore[misc] # made of data
}
"""Schema -> what becomes of its type."""

_ZONE: Final = {"validate_timezone": model_validator(mode="after")(checks.validate_timezone)}
_RUN_NAME: Final = {"run_name": field_validator("name", mode="before")(checks.name_or_blank)}
_POLICY: Final = {"policy": model_validator(mode="before")(checks.policy)}
_ACTED_ON: Final = {
    "selected_deployment_requires_id": model_validator(mode="after")(
        checks.selected_deployment_requires_id
    )
}

VALIDATORS: Final[Mapping[str, Mapping[str, Any]]] = {
    "BlockDocumentCreate": {"named": model_validator(mode="before")(checks.named)},
    "CompoundTrigger": {"validate_require": model_validator(mode="after")(checks.validate_require)},
    "CronSchedule": _ZONE,
    "DeploymentAction": _ACTED_ON,
    "DeploymentCreate": {"creation": model_validator(mode="before")(checks.creation)},
    "DeploymentFlowRunCreate": _RUN_NAME,
    "DeploymentUpdate": {"change": model_validator(mode="before")(checks.change)},
    "EventTrigger": {"patience": model_validator(mode="before")(checks.patience)},
    "FlowRunCreate": _RUN_NAME,
    "FlowRunPolicy": _POLICY,
    "FlowRunUpdate": _RUN_NAME,
    "IntervalSchedule": _ZONE,
    "RunDeploymentAction": _ACTED_ON,
    "TaskRunCreate": _RUN_NAME,
    "TaskRunPolicy": _POLICY,
}
"""Schema -> validators of its model."""
