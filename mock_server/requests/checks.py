"""Checks of values that the released server makes and no schema says, in its words.

The names of those that check a whole object matter: pydantic writes them into the `loc` of errors
inside a union.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_SCHEDULED_RUNS: Final = 50
LEAST_PATIENCE: Final = 10.0
MAX_PARAMETER_BYTES: Final = 512 * 1024
MAX_RETRY_DELAYS: Final = 50
MAX_CACHE_KEY: Final = 2000
MAX_VARIABLE_BYTES: Final = 5000

RETIRED: Final = frozenset(
    {
        "worker_pool_name",
        "worker_pool_queue_name",
        "worker_pool_queue_id",
        "work_pool_queue_name",
    }
)
"""Names of old clients that create and update of deployments swallow."""

PLACEHOLDER: Final = re.compile(r"\{\{\s*([\w.\-\[\]$]+)\s*\}\}")
VARIABLE_NAME: Final = re.compile(r"[a-z0-9_-]*\n?")


# -- one value


def few_runs(value: int) -> int:
    """At most 50 runs that wait."""
    if value > MAX_SCHEDULED_RUNS:
        raise ValueError(
            f"`max_scheduled_runs` must be less than or equal to {MAX_SCHEDULED_RUNS}."
        )
    return value


def small(parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Parameters of half a megabyte of JSON at most."""
    if parameters:
        size = len(json.dumps(parameters, separators=(",", ":")).encode())
        if size > MAX_PARAMETER_BYTES:
            raise ValueError(
                f"Flow run parameters must be less than {MAX_PARAMETER_BYTES:,} bytes when"
                f" serialized (got {size:,} bytes)."
            )
    return parameters


def name_or_blank(value: object) -> object:
    """A run without a name gets one later, and so does one whose name is null, false or 0."""
    return value or ""


def name_of_something(value: object) -> object:
    """A pool's name, which is more than blanks and quotes."""
    if isinstance(value, str) and not value.strip("' \""):
        raise ValueError("name cannot be an empty string")
    return value


def variable_name(value: str | None) -> str | None:
    """A variable's name."""
    if value is not None and VARIABLE_NAME.fullmatch(value) is None:
        raise ValueError(
            "Variable name must only contain lowercase letters, numbers, and dashes or underscores."
        )
    return value


def variable_value(value: object) -> object:
    """What a variable can hold."""
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        raise ValueError("Variable value must be serializable to JSON") from None
    if value is not None and size > MAX_VARIABLE_BYTES:
        raise ValueError(f"Variable value must be less than {MAX_VARIABLE_BYTES} characters")
    return value


def cache_key(value: str | None) -> str | None:
    """The cache key of a task run."""
    if value and len(value) > MAX_CACHE_KEY:
        raise ValueError(
            f"Cache key exceeded maximum allowed length of {MAX_CACHE_KEY} characters."
        )
    return value


def few_delays(value: object) -> object:
    """The delays before the attempts of a task run."""
    if isinstance(value, list) and len(value) > MAX_RETRY_DELAYS:
        raise ValueError("Can not configure more than 50 retry delays per task.")
    return value


def not_negative(value: float | None) -> float | None:
    """The jitter of those delays."""
    if value is not None and value < 0:
        raise ValueError("`retry_jitter_factor` must be >= 0.")
    return value


def job_template(template: dict[str, Any]) -> dict[str, Any]:
    """A pool's job template: empty, or a configuration whose variables are all declared."""
    if not template:
        return template
    configuration, variables = template.get("job_configuration"), template.get("variables")
    if not (
        configuration
        and variables
        and isinstance(configuration, dict)
        and isinstance(variables, dict)
    ):
        raise ValueError(
            "The `base_job_template` must contain both a `job_configuration` key and a"
            " `variables` key."
        )
    declared = variables.get("properties", {})
    used = dict.fromkeys(_placeholders(configuration))
    undeclared = [name for name in used if name not in declared]
    if undeclared:
        raise ValueError(
            "The variables specified in the job configuration template must be present as"
            " properties in the variables schema. Your job configuration uses the following"
            f" undeclared variable(s): {' ,'.join(undeclared)}."
        )
    return template


def _placeholders(configuration: Mapping[str, Any]) -> Iterator[str]:
    for part in configuration.values():
        yield from PLACEHOLDER.findall(json.dumps(part))


def no_negative_delay(seconds: float) -> float:
    """How long a run that an automation makes is to wait."""
    if seconds < 0:
        raise ValueError("timedelta must be non-negative")
    return seconds


# -- a whole object


def validate_timezone(schedule: Any) -> Any:
    """The time zone of an interval or cron schedule; an interval is in UTC by default."""
    from mock_server.scheduling.schedules import check_timezone  # noqa: PLC0415 - slow to import

    if schedule.timezone:
        check_timezone(schedule.timezone)
    elif schedule.timezone is None and "interval" in type(schedule).model_fields:
        schedule.timezone = "UTC"
    return schedule


def creation(values: object) -> object:
    """A new deployment, checked in the server's order; the echoed body gains `parameters`."""
    if not isinstance(values, dict):
        return values
    _one_limit(values)
    parameters = values.get("parameters", {})
    if not values.get("enforce_parameter_schema"):
        values["parameters"] = parameters
        return _without_retired(values)
    from mock_server.requests import deployment_parameters  # noqa: PLC0415 - rarely needed

    schema = values.get("parameter_openapi_schema")
    deployment_parameters.check_values(parameters, schema)
    values["parameters"] = parameters
    deployment_parameters.check_schema(schema)
    return _without_retired(values)


def change(values: object) -> object:
    """A change of a deployment."""
    if not isinstance(values, dict):
        return values
    _one_limit(values)
    return _without_retired(values)


def _one_limit(values: Mapping[str, Any]) -> None:
    if values.get("concurrency_limit") and values.get("global_concurrency_limit_id"):
        raise ValueError(
            "A deployment cannot have both a concurrency limit and a global concurrency limit."
        )


def _without_retired(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in RETIRED}


def policy(values: object) -> object:
    """A retry policy: the older names stand for the newer ones, in the echoed body too."""
    if isinstance(values, dict):
        for new, old in (("retries", "max_retries"), ("retry_delay", "retry_delay_seconds")):
            if not values.get(new) and values.get(old, 0) != 0:
                values[new] = values[old]
    return values


def resource(labels: dict[str, str]) -> dict[str, str]:
    """Check that the labels of a resource say which it is."""
    if "prefect.resource.id" not in labels:
        raise ValueError("Resources must include the prefect.resource.id label")
    return labels


def related_resource(labels: dict[str, str]) -> dict[str, str]:
    """Check that the labels of a related resource say which it is, and what it is to the event."""
    if "prefect.resource.role" not in resource(labels):
        raise ValueError("Related Resources must include the prefect.resource.role label")
    return labels


def _in_dashes(value: str, what: str) -> str:
    if not re.fullmatch("[a-z0-9-]*", value):
        raise ValueError(f"{what} must only contain lowercase letters, numbers, and dashes.")
    return value


def block_type_slug(value: str) -> str:
    """Check the slug of a block type."""
    return _in_dashes(value, "Block type slug")


def block_document_name(value: str | None) -> str | None:
    """Check the name of a block, if it has one."""
    return None if value is None else _in_dashes(value, "Block document name")


def artifact_key(value: str) -> str:
    """Check the key of an artifact."""
    return _in_dashes(value, "Artifact key")


def named(value: Any) -> Any:
    """Check that a block has a name, or is anonymous."""
    if isinstance(value, dict) and not value.get("is_anonymous") and not value.get("name"):
        raise ValueError("Names must be provided for block documents.")
    return value


def patience(trigger: Any) -> Any:
    """Check how long a trigger waits for events; the echoed body has the seconds, too.

    A lack of events takes ten seconds at least. Where the released server compares these with a
    text, and fails, this one refuses the text.
    """
    if not isinstance(trigger, dict):
        return trigger
    if "within" in trigger and trigger["within"] is None:
        raise ValueError("`within` should be a valid timedelta")
    within = trigger.get("within")
    if isinstance(within, int | float):
        trigger["within"] = within = float(within)
    if trigger.get("posture") == "Proactive":
        if not within:
            trigger["within"] = LEAST_PATIENCE
        elif not isinstance(within, float):
            raise ValueError("`within` for Proactive triggers must be a number of seconds")
        elif within < LEAST_PATIENCE:
            raise ValueError(
                "`within` for Proactive triggers must be greater than or equal to 10 seconds"
            )
    return trigger


def validate_require(trigger: Any) -> Any:
    """Check that a compound requires no more parts than it has, and one at least."""
    if isinstance(trigger.require, int):
        if trigger.require < 1:
            raise ValueError("require must be at least 1")
        if trigger.require > len(trigger.triggers):
            raise ValueError("require must be less than or equal to the number of triggers")
    return trigger


def selected_deployment_requires_id(action: Any) -> Any:
    """Check that an action names a deployment if it is about one that is named."""
    if (action.source == "selected") != bool(action.deployment_id):
        what = "not allowed" if action.deployment_id else "required"
        raise ValueError(f"deployment_id is {what}")
    return action
