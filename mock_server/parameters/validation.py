"""Whether parameters fit their schema, and job variables the template of their work pool.

Errors are typed and carry the released server's message; who calls says which status it becomes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.validators import create
from referencing import Registry
from referencing.exceptions import Unresolvable

from mock_server.parameters.hydration import Hydration, HydrationError, Placeholder, hydrate
from mock_server.parameters.lenient import Schema, lenient, without_required

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CircularSchema",
    "HydrationError",
    "ParameterError",
    "SchemaInvalid",
    "UnknownBlock",
    "ValuesInvalid",
    "check_schema",
    "first_violation",
    "hydrate",
    "validate_job_variables",
    "validate_parameters",
    "value_errors",
]

Blocks = Callable[[str], Mapping[str, Any] | None]

# An empty registry resolves nothing but the schema itself: what a client sends must not make the
# mock open connections.
REGISTRY: Final[Registry[Any]] = Registry()


class ParameterError(Exception):
    """Parameters or their schema are refused; the message says why."""


class ValuesInvalid(ParameterError):  # noqa: N818 - reads as what happened
    """The values do not fit the schema."""


class SchemaInvalid(ParameterError):  # noqa: N818
    """The schema is none."""


class CircularSchema(SchemaInvalid):
    """The schema's references never end."""

    def __init__(self) -> None:
        super().__init__("Invalid schema: Unable to validate schema with circular references.")


class UnknownBlock(ParameterError):  # noqa: N818
    """A default refers to a block document that does not exist."""

    def __init__(self) -> None:
        super().__init__("Block not found.")


# -- schemas


def check_schema(schema: Schema) -> None:
    """Check that a schema is one.

    Raises:
        SchemaInvalid: it is none; in the released server's words.
    """
    _check(schema, formats=True)


def _check(schema: Schema, *, formats: bool) -> None:
    try:
        _check_text(json.dumps(schema), formats=formats)
    except RecursionError as error:
        raise CircularSchema from error


@lru_cache(maxsize=512)
def _check_text(text: str, *, formats: bool) -> None:
    """Check a schema once: it takes milliseconds, and every run of a deployment has the same."""
    schema = json.loads(text)
    checker = Draft202012Validator.FORMAT_CHECKER if formats else None
    try:
        if checker is None:
            Draft202012Validator.check_schema(schema)
        else:
            Draft202012Validator.check_schema(schema, format_checker=checker)
    except SchemaError as error:
        raise SchemaInvalid(f"Invalid schema: {error.message}") from error


# -- values


def validate_parameters(
    values: Any, schema: Schema, *, required: bool = True, none_with_default: bool = False
) -> None:
    """Check parameters against their schema. Formats are not looked at.

    Args:
        values: the parameters, hydrated.
        schema: as stored.
        required: whether what the schema requires must be there.
        none_with_default: whether properties with a default admit null.

    Raises:
        ValuesInvalid: they do not fit; "Validation failed for field 'x'. Failure reason: ...".
        SchemaInvalid: the schema is none.
        CircularSchema: its references never end.
    """
    applied: Any = lenient(schema, none_with_default=none_with_default)
    if not required:
        applied = without_required(applied)
    _check(applied, formats=False)
    try:
        error = best_match(_plain(applied).iter_errors(values))
    except RecursionError as raised:
        raise CircularSchema from raised
    except Unresolvable as raised:
        raise ValuesInvalid(f"Validation failed. Failure reason: {raised}") from raised
    if error is not None:
        raise ValuesInvalid(described(error)) from error


def described(error: ValidationError) -> str:
    """What is wrong with values, in the released server's words."""
    where = error.json_path
    field = "" if where == "$" else f" for field {where.replace('$.', '')!r}"
    return f"Validation failed{field}. Failure reason: {error.message}"


def first_violation(values: Any, schema: Schema) -> str | None:
    """How the first error of values is shown where a server shows the bare error, or None.

    Nothing is required, and formats count.

    Raises:
        CircularSchema: the schema's references never end.
    """
    applied = without_required(lenient(schema))
    errors = _errors(values, applied)
    return repr(errors[0]) if errors else None


def _plain(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, registry=REGISTRY)


def _errors(values: Any, schema: Any) -> list[ValidationError]:
    """All errors of values that may hold placeholders, so that all references are resolved."""
    checker = Draft202012Validator.FORMAT_CHECKER
    validator = _with_placeholders()(schema, registry=REGISTRY, format_checker=checker)
    try:
        return list(validator.iter_errors(values))
    except RecursionError as error:
        raise CircularSchema from error
    except Unresolvable as error:
        raise ValuesInvalid(f"Validation failed. Failure reason: {error}") from error


PLACEHOLDERS: Final = "_placeholders"


def _identity(schema: Any) -> str:
    return str(Draft202012Validator.ID_OF(schema) or "")


def _applied(schema: Any) -> Any:
    return {**schema, PLACEHOLDERS: None}.items()


@cache
def _with_placeholders() -> Any:
    """A validator that also tells the errors of placeholders, wherever they stand."""

    def placeholders(_: Any, __: Any, instance: Any, ___: Any) -> Iterator[ValidationError]:
        if isinstance(instance, Placeholder) and instance.error is not None:
            yield ValidationError(instance.error)

    return create(
        meta_schema=Draft202012Validator.META_SCHEMA,
        validators={**Draft202012Validator.VALIDATORS, PLACEHOLDERS: placeholders},
        type_checker=Draft202012Validator.TYPE_CHECKER,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
        id_of=_identity,
        applicable_validators=_applied,
    )


# -- job variables


def validate_job_variables(
    template: Schema | None,
    *layers: Mapping[str, Any] | None,
    required: bool,
    blocks: Blocks,
    check_defaults: bool = False,
) -> None:
    """Check job variables against a work pool's base job template.

    Args:
        template: the pool's; none, or one without variables, checks nothing.
        layers: variables over the template's defaults, later ones first in rank.
        required: whether what the template requires must be there.
        blocks: gives the data of a block document by its id, for defaults that refer to one.
        check_defaults: whether a default that does not fit is an error; otherwise it is left out,
            and then nothing is required.

    Raises:
        ValuesInvalid: they do not fit.
        SchemaInvalid: the template's variables are no schema.
        UnknownBlock: a default refers to a block document that does not exist.
    """
    schema = (template or {}).get("variables")
    if not schema:
        return
    check_schema(schema)
    variables, complete = _defaults(schema, blocks, keep_all=check_defaults)
    for layer in layers:
        variables.update(layer or {})
    validate_parameters(variables, schema, required=required and complete, none_with_default=True)


def _defaults(schema: Schema, blocks: Blocks, *, keep_all: bool) -> tuple[dict[str, Any], bool]:
    """The defaults of a template's variables, and whether all of them fit."""
    defaults: dict[str, Any] = {}
    complete = True
    demanding_nothing = without_required(schema)
    for name, variable in (schema.get("properties") or {}).items():
        if not isinstance(variable, Mapping) or "default" not in variable:
            continue
        default = variable["default"]
        if isinstance(default, Mapping) and "$ref" in default:
            default = _block(default["$ref"], blocks)
            if default is None:
                continue
        if keep_all or not _errors({name: default}, demanding_nothing):
            defaults[name] = default
        else:
            complete = False
    return defaults, complete


def _block(reference: Any, blocks: Blocks) -> Mapping[str, Any] | None:
    identity = reference.get("block_document_id") if isinstance(reference, Mapping) else None
    if identity is None:
        return None
    data = blocks(str(identity))
    if data is None:
        raise UnknownBlock
    return data


# -- errors as the web interface shows them


def value_errors(
    values: Mapping[str, Any], schema: Schema, *, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """What is wrong with values, by property and index: `{"errors": [...], "valid": bool}`.

    Args:
        values: as sent, with objects that stand for values.
        schema: what they are checked against; formats count.
        variables: the workspace's variables by name.

    Raises:
        SchemaInvalid: the schema is none.
        CircularSchema: its references never end.
    """
    applied = lenient(schema)
    check_schema(applied)
    hydration = Hydration(variables, render_templates=False, strict=False)
    try:
        errors = _errors(hydration.hydrate(values), applied)
    except ValuesInvalid as error:
        raise SchemaInvalid(f"Invalid schema: {error}") from error
    tree: list[Any] = []
    for violation in _telling(errors):
        _place(tree, violation)
    return {"errors": tree, "valid": not tree}


def _telling(errors: list[ValidationError]) -> Iterator[ValidationError]:
    """The errors without those that a placeholder explains, grouped by where they are."""
    groups: dict[str, list[ValidationError]] = {}
    for error in errors:
        groups.setdefault("->".join(map(str, error.relative_path)), []).append(error)
    for group in groups.values():
        told = [error for error in group if error.validator == PLACEHOLDERS] or group
        for error in told:
            # A placeholder without an error of its own is of the right type, whatever it will be.
            waits = isinstance(error.instance, Placeholder) and error.instance.error is None
            if not waits:
                yield error


def _place(tree: list[Any], error: ValidationError) -> None:
    path = list(error.relative_path)
    if error.validator == "required":
        # It belongs to the property that is missing, not to the object around it.
        path.append(error.message.partition(" ")[0].strip("'"))
    if not path:
        tree.append(error.message)
        return
    *above, last = path
    for part in above:
        key = _key(part)
        found = next((one for one in tree if isinstance(one, dict) and one.get(key) == part), None)
        if found is None:
            found = {key: part, "errors": []}
            tree.append(found)
        tree = found["errors"]
    tree.append({_key(last): last, "errors": [error.message]})


def _key(part: str | int) -> str:
    return "index" if isinstance(part, int) else "property"
