"""What the validator looks at, in order. A new check is a function and a line in this list."""

from openapi.checks.fault import Check, Fault
from openapi.checks.libraries import openapi_core, prance, spec_validator
from openapi.checks.lint_components import (
    descriptions,
    duplicate_components,
    unused_components,
)
from openapi.checks.lint_operations import declarations, operation_id_style, paths
from openapi.checks.lint_schemas import headers_and_parameters, required, schemas
from openapi.checks.meta_schema import structure
from openapi.checks.operations import operation_ids, parameters, references
from openapi.checks.values import values

__all__ = ["CHECKS", "LIBRARIES", "LINT", "Check", "Fault"]

CHECKS: tuple[Check, ...] = (references, structure, operation_ids, parameters, values)
"""Checks of our own, each for its own kind of fault. All of them run."""

LINT: tuple[Check, ...] = (
    operation_id_style,
    declarations,
    paths,
    headers_and_parameters,
    unused_components,
    duplicate_components,
    descriptions,
    schemas,
    required,
)
"""What is valid and still leads users astray. They run where the structure is sound."""

LIBRARIES: tuple[Check, ...] = (spec_validator, prance, openapi_core)
"""Second opinions on the whole. They run when there is nothing left to say in better words."""
