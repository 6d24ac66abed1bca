"""The rules: a catalogue (data, `*.yaml` in this folder) and the checks, by kind.

Each file of the catalogue is a mapping from code to `statement` (one sentence that holds on every
conforming server), `example` (of a breach, a sentence), `source` (where it comes from), `severity`
and `operations` (operationIds that it applies to, or `all`); `rests_on` where a breach may follow
from one of another rule. Codes are `kind.name`, the kind being
the file's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from contract_tests.findings import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the catalogue.

    Attributes:
        code: `kind.name`.
        statement: what holds on a conforming server.
        example: of a breach, in a sentence; JSON and names stand in backticks.
        source: `spec`, `law` or `server` (what released servers do where documents
            are silent) or `reference` (what the other server of a comparison does).
        severity: `error` breaks the contract; `warning` differs from released servers only.
        operations: operationIds, or `("all",)`.
        rests_on: codes of rules; where one of these is broken by an operation, a breach of this
            rule about the same operation may only follow from that.
    """

    code: str
    statement: str
    example: str
    source: str
    severity: Severity
    operations: tuple[str, ...]
    rests_on: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Rule]:
    """All rules by code.

    Raises:
        ValueError: an entry is not as described above.
    """
    rules: dict[str, Rule] = {}
    for entry in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if not entry.name.endswith(".yaml"):
            continue
        kind = entry.name.removesuffix(".yaml")
        for code, told in yaml.safe_load(entry.read_text(encoding="utf-8")).items():
            rules[code] = _rule(kind, code, told)
    return rules


def _rule(kind: str, code: str, told: dict[str, Any]) -> Rule:
    if not code.startswith(f"{kind}."):
        raise ValueError(f"{kind}.yaml: the code {code!r} must begin with {kind!r} and a dot")
    if told["severity"] not in ("error", "warning"):
        raise ValueError(f"{code}: severity {told['severity']!r} is neither error nor warning")
    if told["source"] not in ("spec", "law", "server", "reference"):
        raise ValueError(
            f"{code}: source {told['source']!r} is none of spec, law, server, reference"
        )
    named = told["operations"]
    return Rule(
        code=code,
        statement=told["statement"],
        example=told["example"],
        source=told["source"],
        severity=told["severity"],
        operations=tuple([named] if isinstance(named, str) else named),
        rests_on=tuple(told.get("rests_on", ())),
    )
