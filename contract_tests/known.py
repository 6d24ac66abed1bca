r"""Deviations of released servers that are known: reported as such, they do not fail a run.

They stand in `known/*.yaml` (and in a file that the user names), a list of entries each:

    - id: create-name-with-slash        # unique; shown in the report
      versions: ">=3.0,<4"              # of the server
      operations: [create_deployment]   # operationIds
      rules: ["shape.*"]                # codes of the rules that notice it, with * as a wildcard
      status: 500                       # of the answer; left out: any
      when:                             # a JSON Schema that the request fulfils, left out: any
        properties: {body: {required: [name], properties: {name: {pattern: "[/%&<>]"}}}}
      reason: The name is checked while the answer is built, after the body was accepted.

The schema is asked about `{"path", "query", "headers", "body", "text"}`: `body` is the parsed body
(absent when it does not parse), `text` the body as sent, in ASCII (`\udc80` for the byte 0x80).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self

import jsonschema_rs
import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from contract_tests.errors import CannotJudge
from contract_tests.operations import operations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from contract_tests.exchange import Exchange
    from contract_tests.findings import Finding


@dataclass(frozen=True)
class Entry:
    """One known deviation."""

    id: str
    versions: SpecifierSet
    operations: frozenset[str]
    rules: tuple[str, ...]
    status: int | None
    when: jsonschema_rs.Validator | None
    reason: str

    def triggered_by(self, operation: str, view: Mapping[str, Any]) -> bool:
        """Whether a request is one that shows the deviation on a server that has it."""
        return operation in self.operations and (self.when is None or self.when.is_valid(view))

    def names(self, rule: str) -> bool:
        """Whether the rule is one of those that notice it."""
        return any(fnmatchcase(rule, pattern) for pattern in self.rules)


class Known:
    """The known deviations of one server version.

    Args:
        entries: all that are known.
        version: the target's; without one, none applies.

    Attributes:
        met: entry id -> how many findings it covered.
        sent: entry id -> how many requests were sent that show it.
    """

    def __init__(self, entries: Iterable[Entry], version: str | None) -> None:
        self.entries = [entry for entry in entries if _applies(entry, version)]
        self.met: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._operations = {name for entry in self.entries for name in entry.operations}

    @classmethod
    def load(cls, version: str | None, extra: Path | None = None) -> Self:
        """Our own entries, and those of a file.

        Raises:
            CannotJudge: the file is not readable as described in this module.
        """
        entries: list[Entry] = []
        for found in sorted((files(__package__) / "known").iterdir(), key=lambda f: f.name):
            if found.name.endswith(".yaml"):
                entries += parse(found.read_text(encoding="utf-8"), found.name)
        if extra is not None:
            try:
                entries += parse(extra.read_text(encoding="utf-8"), str(extra))
            except (OSError, ValueError) as error:
                raise CannotJudge(f"--known {extra}: {error}") from error
        return cls(entries, version)

    def observe(self, exchange: Exchange) -> None:
        """See whether a request shows an entry, and whether its answer does."""
        operation = operations().match(exchange.method, exchange.path)
        if operation is None or operation.id not in self._operations:
            return
        seen = view(exchange)
        for entry in self.entries:
            if entry.triggered_by(operation.id, seen):
                self.sent[entry.id] += 1
                if entry.status == exchange.status:
                    self._seen.add(entry.id)

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is known; if so it is counted."""
        if finding.exchange is None:
            return False
        # What is at fault may be an earlier request, which the one of the finding only shows.
        shown = (finding.exchange, *(one for one in finding.others if _is_of(one, finding)))
        for entry in self.entries:
            if entry.names(finding.rule) and any(
                (entry.status is None or entry.status == exchange.status)
                and entry.triggered_by(finding.operation, view(exchange))
                for exchange in shown
            ):
                self.met[entry.id] += 1
                return True
        return False

    def occurred(self) -> list[Entry]:
        """The entries that findings were covered by."""
        return [entry for entry in self.entries if self.met[entry.id]]

    def gone(self) -> list[Entry]:
        """The entries whose request was sent and that nevertheless did not show."""
        return [
            entry
            for entry in self.entries
            if entry.status is not None
            and self.sent[entry.id]
            and not self.met[entry.id]
            and entry.id not in self._seen
        ]


def _is_of(exchange: Exchange, finding: Finding) -> bool:
    return operations().name(exchange.method, exchange.path) == finding.operation


def view(exchange: Exchange) -> dict[str, Any]:
    """A request as the schema of an entry sees it."""
    text = (exchange.request_body or b"").decode("utf-8", "surrogateescape")
    seen: dict[str, Any] = {
        "path": exchange.path,
        "query": exchange.query,
        "headers": {
            k: v.encode("ascii", "replace").decode() for k, v in exchange.request_headers.items()
        },
        "text": text.encode("ascii", "backslashreplace").decode(),
    }
    try:
        body = json.loads(text, parse_constant=lambda _: None)
        # A lone surrogate is no Unicode text; the validator takes only that.
        seen["body"] = json.loads(
            json.dumps(body, ensure_ascii=False).encode("utf-8", "replace").decode()
        )
    except (ValueError, RecursionError):
        pass
    return seen


def parse(text: str, source: str) -> list[Entry]:
    """The entries of one file.

    Raises:
        ValueError: it is not as described in this module; the message says where.
    """
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{source} is no YAML: {error}") from error
    if loaded is None:
        return []  # nothing but comments
    if not isinstance(loaded, list):
        raise ValueError(f"{source} must be a list of entries")  # noqa: TRY004 - told to the user
    return [_entry(raw, f"{source}, entry {number}") for number, raw in enumerate(loaded, 1)]


def _entry(raw: Any, where: str) -> Entry:
    try:
        return Entry(
            id=raw["id"],
            versions=SpecifierSet(raw["versions"]),
            operations=frozenset(raw["operations"]),
            rules=tuple(raw["rules"]),
            status=raw.get("status"),
            when=jsonschema_rs.validator_for(raw["when"]) if "when" in raw else None,
            reason=raw["reason"],
        )
    except KeyError as error:
        raise ValueError(f"{where}: {error.args[0]!r} is missing") from error
    except (TypeError, AttributeError, InvalidSpecifier, jsonschema_rs.ValidationError) as error:
        raise ValueError(f"{where}: {error}") from error


def _applies(entry: Entry, version: str | None) -> bool:
    if version is None:
        return False
    try:
        return entry.versions.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
