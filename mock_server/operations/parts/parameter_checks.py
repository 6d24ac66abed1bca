"""The checks of parameters and job variables, in the words of the operation that makes them.

What jsonschema is needed for is imported when it is: it takes a while to load, and most requests
have nothing to check.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from mock_server.errors import BadRequest, Conflict, NotFound, Unprocessable
from mock_server.operations.parts.block_data import without_secrets
from mock_server.parameters.hydration import HydrationError, hydrate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

    Values = Mapping[str, Any]

NO_SCHEMA: Final = (
    "Error updating deployment: Cannot update parameters because parameter schema enforcement is"
    " enabled and the deployment does not have a valid parameter schema."
)


@dataclass(frozen=True, slots=True)
class Words:
    """How an operation that makes runs says what is wrong; `{}` is the reason.

    Attributes:
        hydration: a parameter stands for a value that cannot be made.
        parameters: the parameters do not fit.
        no_schema: there is no schema that they could fit.
        circular: the schema's references never end.
        no_pool: a `{queue}` was named, and the `{deployment}` is in no pool that could have it.
    """

    hydration: str
    parameters: str
    no_schema: str
    circular: str
    no_pool: str


ONE_RUN: Final = Words(
    hydration="Error hydrating flow run parameters: {}",
    parameters="Error creating flow run: {}",
    no_schema=NO_SCHEMA,
    circular="Invalid schema: Unable to validate schema with circular references.",
    no_pool=(
        "Cannot create flow run in work queue {queue} because deployment {deployment} is not"
        " associated with a work pool. Please remove work_pool_name and try again."
    ),
)
MANY_RUNS: Final = Words(
    hydration="{}",
    parameters="Parameter validation failed: {}",
    no_schema="Parameter schema enforcement is enabled but deployment has no valid schema.",
    circular="Invalid schema: circular references detected.",
    no_pool=(
        "Cannot create flow run in work queue {queue} because deployment is not associated with a"
        " work pool."
    ),
)


def _hydrated(store: Store, values: Values, words: str) -> dict[str, Any]:
    variables = {record["name"]: record["value"] for record in store.all("variables")}
    try:
        return hydrate(values, variables=variables)
    except HydrationError as error:
        raise BadRequest(words.format(error)) from error


def hydrated_for_run(store: Store, values: Values, words: Words = ONE_RUN) -> dict[str, Any]:
    """The parameters of a run, with what stands for values replaced by them.

    Raises:
        BadRequest: a value cannot be made.
    """
    return _hydrated(store, values, words.hydration)


def hydrated_for_deployment(store: Store, values: Values) -> dict[str, Any]:
    """The parameters of an updated deployment, with what stands for values replaced by them.

    Raises:
        BadRequest: a value cannot be made.
    """
    return _hydrated(store, values, "Error hydrating deployment parameters: {}")


def check_parameters_of_run(
    deployment: Record, request: Values, parameters: Values, words: Words = ONE_RUN
) -> None:
    """Check the parameters of a run, unless the request or else the deployment says not to.

    Raises:
        Conflict: they do not fit the deployment's schema, or it has none.
        Unprocessable: the schema is none.
    """
    wanted = request.get("enforce_parameter_schema")
    if not (deployment["enforce_parameter_schema"] if wanted is None else wanted):
        return
    schema = deployment["parameter_openapi_schema"]
    if not isinstance(schema, dict):
        raise Conflict(words.no_schema)
    if schema:
        _check(parameters, schema, words.parameters, words.circular, required=True)


def check_parameters_of_update(deployment: Record, changes: Values) -> None:
    """Check the parameters of a deployment as they will be, whatever the update changes.

    Raises:
        Conflict: they do not fit the schema as it will be, or there is none.
        Unprocessable: the schema is none.
    """
    wanted = changes.get("enforce_parameter_schema")
    if not (deployment["enforce_parameter_schema"] if wanted is None else wanted):
        return
    schema = changes.get("parameter_openapi_schema") or deployment["parameter_openapi_schema"]
    if not isinstance(schema, dict):
        raise Conflict(NO_SCHEMA)
    parameters = changes.get("parameters")
    if parameters is None:
        parameters = deployment["parameters"]
    if schema:
        words = "Error updating deployment: {}"
        _check(parameters, schema, words, ONE_RUN.circular, required=False)


def _check(
    parameters: Values, schema: Values, words: str, circular: str, *, required: bool
) -> None:
    from mock_server.parameters.validation import (  # noqa: PLC0415 - see above
        CircularSchema,
        SchemaInvalid,
        ValuesInvalid,
        validate_parameters,
    )

    try:
        validate_parameters(parameters, schema, required=required)
    except ValuesInvalid as error:
        raise Conflict(words.format(error)) from error
    except CircularSchema as error:
        raise Unprocessable(circular) from error
    except SchemaInvalid as error:
        raise Unprocessable(str(error)) from error


# -- job variables


def _template(store: Store, deployment: Record) -> Values | None:
    queue = store.get("work_queues", deployment["work_queue_id"])
    pool = None if queue is None else store.get("work_pools", queue["work_pool_id"])
    return None if pool is None else pool["base_job_template"]


def _check_variables(
    store: Store,
    template: Values | None,
    *layers: Values | None,
    words: str,
    required: bool,
    check_defaults: bool = False,
) -> None:
    if not (template or {}).get("variables"):
        return
    from mock_server.parameters.validation import (  # noqa: PLC0415 - see above
        SchemaInvalid,
        UnknownBlock,
        ValuesInvalid,
        validate_job_variables,
    )

    def block(identity: str) -> Values | None:
        try:
            record = store.get("block_documents", str(UUID(identity)))
        except ValueError:
            return None
        return None if record is None else without_secrets(store, record)

    try:
        validate_job_variables(
            template, *layers, required=required, blocks=block, check_defaults=check_defaults
        )
    except ValuesInvalid as error:
        raise Unprocessable(words.format(error)) from error
    except UnknownBlock as error:
        raise NotFound(str(error)) from error
    except SchemaInvalid as error:
        raise Unprocessable(str(error)) from error


def check_job_variables(store: Store, pool: Record, variables: Values | None) -> None:
    """Check the job variables of a new deployment against its pool's template.

    Raises:
        Unprocessable: they do not fit. What the template requires may be missing.
    """
    if variables:
        words = "Error creating deployment: {}"
        template = pool["base_job_template"]
        _check_variables(store, template, variables, words=words, required=False)


def check_job_variables_of_update(pool: Record, variables: Values | None) -> None:
    """Check job variables that come with a pool in an update of a deployment.

    Raises:
        Conflict: they do not fit; the server shows the bare error, and says "creating".
    """
    schema = pool["base_job_template"].get("variables")
    if schema is None or variables is None:
        return
    from mock_server.parameters.validation import (  # noqa: PLC0415 - see above
        ParameterError,
        first_violation,
    )

    try:
        violation = first_violation(variables, schema)
    except ParameterError as error:
        raise Unprocessable(str(error)) from error
    if violation is not None:
        raise Conflict(f"Error creating deployment: {violation}")


def check_job_variables_of_run(
    store: Store, deployment: Record, variables: Values | None, doing: str = "creating"
) -> None:
    """Check the job variables of a run, over its deployment's and the pool's defaults.

    Raises:
        Unprocessable: they do not fit, or one that the template requires is missing.
    """
    words = f"Error {doing} flow run: {{}}"
    layers = (deployment["job_variables"], variables)
    _check_variables(store, _template(store, deployment), *layers, words=words, required=True)


def check_job_variable_defaults(store: Store, template: Values) -> None:
    """Check the defaults of a new work pool's template.

    Raises:
        Unprocessable: they do not fit their own schema.
        NotFound: one refers to a block that there is not.
    """
    words = "Validation failed for work pool's job variable defaults: {}"
    _check_variables(store, template, words=words, required=False, check_defaults=True)


def schema_errors(store: Store, schema: Values, values: Values) -> dict[str, Any]:
    """What is wrong with values by a schema, for a form to show.

    Raises:
        Unprocessable: the schema is none.
    """
    from mock_server.parameters.validation import SchemaInvalid, value_errors  # noqa: PLC0415 - see above

    variables = {record["name"]: record["value"] for record in store.all("variables")}
    try:
        return value_errors(values, schema, variables=variables)
    except SchemaInvalid as error:
        raise Unprocessable(str(error)) from error
