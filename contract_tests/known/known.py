r"""Deviations of released servers that are known: reported as such, they do not fail a run.

They stand in `known/*.yaml` (and in a file that the user names), a list of entries each:

    - id: create-name-with-slash        # unique; shown in the report
      versions: ">=3.0,<4"              # of the server, left out: any
      operations: [create_deployment]   # operationIds
      rules: ["shape.*"]                # codes of the rules that notice it, with * as a wildcard
      status: 500                       # of the answer; left out: any
      when:                             # a JSON Schema that the request fulfils, left out: any
        properties: {body: {required: [name], properties: {name: {pattern: "[/%&<>]"}}}}
      cause: "POST body"                # of the finding, with * as a wildcard, left out: any
      reason: The name is checked while the answer is built, after the body was accepted.
      issue: https://tracker/issues/7   # can be left out
      expires: 2027-03-31               # from the day after, it fails again; can be left out

The schema is asked about `{"path", "query", "headers", "body", "text"}`: `body` is the parsed body
(absent when it does not parse), `text` the body as sent, in ASCII (`\udc80` for the byte 0x80).
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Self

import jsonschema_rs
import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from contract_tests.errors import CannotJudge
from contract_tests.rules import catalogue
from contract_tests.spec.operations import operations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from contract_tests.findings import Finding
    from contract_tests.transport.exchange import Exchange

_FIELDS: Final = frozenset(
    {"id", "versions", "operations", "rules", "status", "when", "cause"}
    | {"reason", "issue", "expires"}
)


@dataclass(frozen=True)
class Entry:
    """One known deviation; `told_when` is the schema that `when` is made of."""

    id: str
    versions: SpecifierSet | None
    operations: frozenset[str]
    rules: tuple[str, ...]
    status: int | None
    when: jsonschema_rs.Validator | None
    reason: str
    cause: str | None = None
    issue: str | None = None
    expires: date | None = None
    told_when: Any = None

    def triggered_by(self, operation: str, view: Mapping[str, Any]) -> bool:
        """Whether a request is one that shows the deviation on a server that has it."""
        return operation in self.operations and (self.when is None or self.when.is_valid(view))

    def names(self, rule: str) -> bool:
        """Whether the rule is one of those that notice it."""
        return any(fnmatchcase(rule, pattern) for pattern in self.rules)

    def covers(self, finding: Finding, shown: Iterable[Exchange]) -> bool:
        """Whether it is what a finding tells of; `shown` are the finding's own requests."""
        if not self.names(finding.rule) or finding.operation not in self.operations:
            return False
        if self.cause is not None and not fnmatchcase(finding.cause, self.cause):
            return False
        if self.status is None and self.when is None:
            return True
        return any(
            (self.status is None or self.status == exchange.status)
            and self.triggered_by(finding.operation, view(exchange))
            for exchange in shown
        )


class Known:
    """The known deviations of one server version.

    Args:
        entries: all that are known.
        version: the target's; without one, only entries for any version apply.
        today: the day that entries expire by; in UTC, unless told.

    Attributes:
        met: entry id -> how many findings it covered.
        sent: entry id -> how many requests were sent that show it.
    """

    def __init__(
        self, entries: Iterable[Entry], version: str | None, *, today: date | None = None
    ) -> None:
        self.entries = [entry for entry in entries if _applies(entry, version)]
        self.met: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self._today = datetime.now(UTC).date() if today is None else today
        self._seen: set[str] = set()
        self._operations = {name for entry in self.entries for name in entry.operations}

    @classmethod
    def load(cls, version: str | None, extra: Path | None = None, *, update: bool = False) -> Self:
        """Our own entries, and those of a file, which need not be there when it is to be updated.

        Raises:
            CannotJudge: the file is not readable as described in this module.
        """
        theirs = [] if extra is None else read(extra, update=update)
        return cls([*ours(), *theirs], version)

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

    def covers(self, finding: Finding) -> Entry | None:
        """The entry by which a finding is known, which is counted; None when it is new.

        An entry that has expired covers nothing; that it would have is remembered.
        """
        # What is at fault may be an earlier request, which the one of the finding only shows.
        ours = [one for one in finding.others if _is_of(one, finding)]
        shown = [*([finding.exchange] if finding.exchange else []), *ours]
        for entry in self.entries:
            if entry.covers(finding, shown):
                self.met[entry.id] += 1
                if not self._is_over(entry):
                    return entry
        return None

    def _is_over(self, entry: Entry) -> bool:
        return entry.expires is not None and entry.expires < self._today

    def expired(self) -> list[Entry]:
        """The entries that would have covered findings, were their time not over."""
        return [entry for entry in self.entries if self.met[entry.id] and self._is_over(entry)]

    def occurred(self) -> list[Entry]:
        """The entries that findings were covered by."""
        return [entry for entry in self.entries if self.met[entry.id] and not self._is_over(entry)]

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


def ours() -> list[Entry]:
    """The deviations of released servers, which stand in this package."""
    return [
        entry
        for file in sorted(files(__package__).iterdir(), key=lambda found: found.name)
        if file.name.endswith(".yaml")
        for entry in parse(file.read_text(encoding="utf-8"), file.name)
    ]


def read(file: Path, *, update: bool = False) -> list[Entry]:
    """The entries of a user's file; none when it is not there and will be written.

    Raises:
        CannotJudge: it cannot be read; the message says what to do.
    """
    try:
        return parse(file.read_text(encoding="utf-8"), "")
    except FileNotFoundError as error:
        if update:
            return []
        raise CannotJudge(
            f"--known {file}: there is no such file; --known-update writes one."
        ) from error
    except (OSError, UnicodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise CannotJudge(f"--known {file}: it cannot be read ({told}).") from error
    except ValueError as error:
        raise CannotJudge(f"--known {file}: {error}.") from error


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
    """The entries of one file; `source` begins the messages, "" when who asks names the file.

    Raises:
        ValueError: it is not as described in this module; the message says where.
    """
    begin = f"{source}: " if source else ""
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise ValueError(f"{begin}it is no YAML ({told})") from error
    if loaded is None:
        return []  # nothing but comments
    if not isinstance(loaded, list):
        raise ValueError(f"{begin}it must be a list of entries")  # noqa: TRY004 - told to the user
    return [_entry(raw, f"{begin}entry {number}") for number, raw in enumerate(loaded, 1)]


_UNREADABLE = (
    *(TypeError, AttributeError, LookupError),
    *(InvalidSpecifier, jsonschema_rs.ValidationError),
)


def _entry(raw: Any, where: str) -> Entry:
    if not isinstance(raw, dict):
        raise ValueError(f"{where}: it must be a mapping")  # noqa: TRY004 - told to the user
    unknown = raw.keys() - _FIELDS
    if unknown:
        raise ValueError(f"{where}: unknown key {', '.join(sorted(map(str, unknown)))}")
    versions = raw.get("versions")
    try:
        return Entry(
            id=str(raw["id"]),
            versions=None if versions is None else SpecifierSet(versions),
            operations=frozenset(_named(raw, "operations", [one.id for one in operations()])),
            rules=tuple(_named(raw, "rules", catalogue())),
            status=raw.get("status"),
            when=jsonschema_rs.validator_for(raw["when"]) if "when" in raw else None,
            reason=str(raw["reason"]),
            cause=raw.get("cause"),
            issue=raw.get("issue"),
            expires=_date(raw.get("expires")),
            told_when=raw.get("when"),
        )
    except KeyError as error:
        raise ValueError(f"{where}: {error.args[0]!r} is missing") from error
    except _UNREADABLE as error:
        raise ValueError(f"{where}: {error}") from error


def _names(raw: Mapping[str, Any], key: str) -> list[str]:
    value = raw[key]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(f"{key!r} must be a list of names")
    return value


def _named(raw: Mapping[str, Any], key: str, known: Iterable[str]) -> list[str]:
    """Names, each of which must be one of those that are known, or a pattern of some."""
    names = _names(raw, key)
    there = list(known)
    for name in names:
        if not any(fnmatchcase(one, name) for one in there):
            like = difflib.get_close_matches(name, there, 1)
            hint = f"; did you mean {like[0]!r}?" if like else ""
            raise LookupError(f"{key!r} has {name!r}, which there is not{hint}")
    return names


def _date(value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise TypeError(f"'expires' must be a date such as 2027-03-31, not {value!r}")


def _applies(entry: Entry, version: str | None) -> bool:
    if entry.versions is None:
        return True
    if version is None:
        return False
    try:
        return entry.versions.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
