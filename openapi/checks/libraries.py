"""The checks by libraries: openapi-spec-validator, prance and openapi-core must all accept it."""

from collections.abc import Iterator
from typing import Any

from openapi_core import Config, OpenAPI
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from prance.util.resolver import RefResolver  # type: ignore[import-untyped]  # it brings no types

from openapi.checks.fault import Fault
from openapi.checks.meta_schema import accepts, faults_of, meta_errors
from openapi.structure import copy_json, escape, is_31, iterate, tokens
from openapi.subject import Subject

__all__ = ["openapi_core", "prance", "spec_validator"]

_LONGEST = 300


def _brief(error: BaseException) -> str:
    """The first line of a library's message, not the pages of schema that may follow."""
    text = str(getattr(error, "message", "") or error).strip() or type(error).__name__
    return text.splitlines()[0][:_LONGEST]


def _errors_of_schema(validator: Any, pointer: str) -> list[Any]:
    """What openapi-spec-validator says about one schema."""
    place = validator.schema_path
    for token in tokens(pointer):
        place = place / (int(token) if isinstance(place.read_value(), list) else token)
    return list(validator.keyword_validators_registry["schema"](place))


def _spec_validator_class(document: dict[str, Any]) -> Any:
    return OpenAPIV31SpecValidator if is_31(document) else OpenAPIV30SpecValidator


def _located(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Its errors about schemas do not tell where they are: ask for each, outermost first."""
    validator = _spec_validator_class(document)(document)
    for pointer, kind, node in iterate(document):
        if kind == "schemas" and "$ref" not in node:
            for found in _errors_of_schema(validator, pointer):
                yield pointer, found


def spec_validator(subject: Subject) -> Iterator[Fault]:
    """openapi-spec-validator accepts the document, beyond what its meta-schema says."""
    code = "refused-by-openapi-spec-validator"
    try:
        errors = list(_spec_validator_class(subject.document)(subject.document).iter_errors())
        located = list(_located(subject.document)) if errors else []
    except Exception as error:  # noqa: BLE001  # it fails in many ways over a broken document
        yield Fault(code, "", f"openapi-spec-validator fails: {_brief(error)}.")
        return
    for pointer, found in located or [("", found) for found in errors]:
        yield Fault(code, pointer, f"openapi-spec-validator says: {_brief(found)}.")


def _written(document: Any, inlined: str) -> str:
    """Where a place in the inlined document was written in the one with references."""
    pointer, node = "", document
    for token in tokens(inlined):
        for _ in range(16):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                break
            pointer = node["$ref"].removeprefix("#")
            node = document
            for part in tokens(pointer):
                node = node[part]
        pointer = f"{pointer}/{escape(token)}"
        node = node[int(token)] if isinstance(node, list) else node[token]
    return pointer


def prance(subject: Subject) -> Iterator[Fault]:
    """Every reference resolves by prance, and the inlined document keeps to the meta-schema.

    A recursive schema is cut where it comes back to itself; anything may stand there.
    """
    resolver = RefResolver(
        copy_json(subject.document),
        subject.root.as_uri(),
        recursion_limit=1,
        recursion_limit_handler=lambda *_: {},
    )
    try:
        resolver.resolve_references()
    except Exception as error:  # noqa: BLE001  # whatever it raises, it does not accept the document
        yield Fault("refused-by-prance", "", f"prance says: {_brief(error)}.")
        return
    if accepts(resolver.specs):
        return
    for broken in meta_errors(resolver.specs):
        for fault in faults_of(broken, newer=is_31(resolver.specs)):
            try:
                place = _written(subject.document, fault.pointer)
            except (LookupError, TypeError, ValueError):
                place = ""
            yield Fault("inlined-invalid", place, f"Inlined: {fault.problem}", key=fault.key)


def openapi_core(subject: Subject) -> Iterator[Fault]:
    """openapi-core accepts the document.

    What it checks of itself is that openapi-spec-validator does. That has just been asked, so it is
    not asked again.
    """
    try:
        # None is how its documentation has the check left out; its annotation lacks it.
        config = Config(spec_validator_cls=None)  # type: ignore[arg-type]
        OpenAPI.from_dict(subject.document, config=config)
    except Exception as error:  # noqa: BLE001  # whatever it raises, it does not accept the document
        yield Fault("refused-by-openapi-core", "", f"openapi-core says: {_brief(error)}.")
