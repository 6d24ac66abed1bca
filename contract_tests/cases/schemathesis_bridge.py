"""Cases that Schemathesis makes of the contract, as plain values; sending and judging is ours.

Schemathesis' own checks know neither what a server may take either way nor the deviations that are
known, and its own runner gives requests nothing to aim at. So only its generators are used: the
examples, the coverage phase, and fuzzing with data that keeps and that breaks the schemas.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator, ExamplesGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override

from contract_tests.cases.constraint_breaking import spellings
from contract_tests.spec.version import spec_for
from contract_tests.transport.target import UNSET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from schemathesis.generation.case import Case
    from schemathesis.schemas import APIOperation

_JSON: Final = "application/json"
_MODES: Final = {True: GenerationMode.POSITIVE, False: GenerationMode.NEGATIVE}


@dataclass(frozen=True)
class Generated:
    """One request to an operation, but for its path parameters.

    Attributes:
        phase: `examples`, `coverage` or `fuzzing`.
        headers: besides the content type.
        query: query parameters.
        body: a JSON value; UNSET for none, or when `content` is sent instead.
        content: bytes that are no JSON.
    """

    phase: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = UNSET
    content: bytes | None = None


@lru_cache(maxsize=4)
def bridge_for(version: str | None) -> Bridge:
    """The generators for a server version's contract."""
    return Bridge(spec_for(version).document)


class Bridge:
    """The generators for one version of the contract.

    Args:
        document: the bundle as of that version.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        _register_formats()
        schema = schemathesis.openapi.from_dict(dict(document))
        # Undocumented methods are tried by a check of our own, which knows all paths.
        schema.config.phases.coverage.unexpected_methods = set()
        self._operations: dict[str, APIOperation[Any, Any, Any, Any]] = {}
        for result in schema.get_all_operations():
            if isinstance(result, Ok):
                operation = result.ok()
                self._operations[operation.definition.raw["operationId"]] = operation
        self._schema = schema

    def examples(self, operation_id: str) -> Iterator[Generated]:
        """The contract's own examples."""
        cases = ExamplesGenerator(
            operation=self._operations[operation_id],
            override=Override(),
            feedback=NO_FEEDBACK,
            fill_missing=False,
        )
        yield from _plain(cases, "examples")

    def coverage(self, operation_id: str) -> Iterator[Generated]:
        """One case for each keyword of each schema that it can keep or break."""
        operation = self._operations[operation_id]
        cases = CoverageGenerator(
            operation=operation,
            generation_modes=list(_MODES.values()),
            generation_config=self._schema.config.generation_for(
                operation=operation, phase="coverage"
            ),
            auth_storage=None,
            override=Override(),
            feedback=NO_FEEDBACK,
        )
        yield from _plain(cases, "coverage")

    def fuzzing(
        self, operation_id: str, *, valid: bool, examples: int, seed: int
    ) -> list[Generated]:
        """Random cases that keep the schemas, or break one; the same ones for the same seed."""
        operation = self._operations[operation_id]
        drawn: list[Case[Any]] = []
        quiet = settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )

        def keep(case: Case[Any]) -> None:
            drawn.append(case)

        strategy = operation.as_strategy(generation_mode=_MODES[valid])
        # An operation without any input has none that breaks it.
        with suppress(Unsatisfiable):
            seeded(seed)(quiet(given(strategy)(keep)))()
        return list(_plain(drawn, "fuzzing"))


def _plain(cases: Any, phase: str) -> Iterator[Generated]:
    """The cases that differ in what is sent; none about the path or another media type."""
    seen: set[str] = set()
    for case in cases:
        if case.media_type not in (None, _JSON) or _is_about_the_path(case):
            continue
        generated = _request(case, phase)
        if generated.content is not None and not can_be_repeated(generated.content):
            continue
        key = repr(generated)
        if key not in seen:
            seen.add(key)
            yield generated


def _request(case: Case[Any], phase: str) -> Generated:
    headers = {
        name: str(value)
        for name, value in dict(case.headers or {}).items()
        if name.lower() != "content-type"
    }
    query = dict(case.query or {})
    if case.body is NOT_SET:
        return Generated(phase, headers, query)
    if isinstance(case.body, bytes):
        return Generated(phase, headers, query, content=case.body)
    return Generated(phase, headers, query, case.body)


def can_be_repeated(content: bytes) -> bool:
    """Whether a refusal can repeat what bytes are read as: half a character cannot be written.

    A released server fails on such (3.8.8, any operation with a body): it reads JSON in each of its
    encodings, lone surrogates included, and repeats it in UTF-8.
    """
    try:
        content.decode(json.detect_encoding(content), "surrogatepass").encode()
    except UnicodeDecodeError:
        return True  # it is refused before, unread
    except UnicodeEncodeError:
        return False
    return True


def _is_about_the_path(case: Case[Any]) -> bool:
    told = case.meta.phase.data if case.meta is not None else None
    return getattr(told, "parameter_location", None) == ParameterLocation.PATH


@lru_cache(maxsize=1)
def _register_formats() -> None:
    """Tell Schemathesis the formats that it does not know; right values stand in our data."""
    for name in ("time-zone", "cron", "rrule"):
        schemathesis.openapi.format(name, st.sampled_from(spellings()[name]["right"]))
