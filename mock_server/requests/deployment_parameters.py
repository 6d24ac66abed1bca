"""Whether a new deployment's parameters fit the schema that its body brings along."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_TYPES: Final = (dict, list, str)
BROKEN_SCHEMA: Final = "The provided schema is not a valid json schema. Schema error:"


# An empty registry resolves nothing but the schema itself: what a client sends must not make the
# mock open connections.
REGISTRY: Final[Registry[Any]] = Registry()


def check_values(parameters: object, schema: object) -> None:
    """Check parameters against their schema, as far as it is one.

    What the schema requires may be missing: runs may bring it. A schema of a type that no schema
    has is left to the check of its type.

    Raises:
        ValueError: in the server's words.
    """
    if parameters is not None and isinstance(schema, SCHEMA_TYPES):
        with _told():
            _check_values(parameters, without_required(schema))


def check_schema(schema: object) -> None:
    """Check a schema, what it requires included.

    Raises:
        ValueError: in the server's words.
    """
    if isinstance(schema, SCHEMA_TYPES):
        with _told():
            _check_schema(schema)


@contextmanager
def _told() -> Iterator[None]:
    """Tell whatever a check fails with as the client's mistake, which it always is.

    A pattern that is none, a multiple of zero: what a client's schema can do to a validator has no
    end.
    """
    try:
        yield
    except ValueError:
        raise
    except RecursionError as error:
        raise ValueError("Validation failed. Failure reason: the schema never ends") from error
    except Exception as error:
        raise ValueError(f"Validation failed. Failure reason: {error}") from error


def _check_schema(schema: Any) -> None:
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(f"{BROKEN_SCHEMA} {error.message}") from error


def _check_values(parameters: object, schema: Any) -> None:
    try:
        jsonschema.validate(parameters, schema, registry=REGISTRY)
    except jsonschema.ValidationError as error:
        where = error.json_path.replace("$.", "")
        field = "" if error.json_path == "$" else f" for field {where!r}"
        raise ValueError(f"Validation failed{field}. Failure reason: {error.message}") from error
    except jsonschema.SchemaError as error:
        raise ValueError(f"{BROKEN_SCHEMA} {error.message}") from error
    except Unresolvable as error:
        raise ValueError(f"Validation failed. Failure reason: {error}") from error


def without_required(schema: Any) -> Any:
    """A schema without the key `required`, at any depth."""
    if isinstance(schema, dict):
        return {key: without_required(item) for key, item in schema.items() if key != "required"}
    return schema
