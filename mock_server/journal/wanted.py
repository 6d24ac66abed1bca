"""Which exchanges somebody asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from mock_server.operation_names import named

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mock_server.journal.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which exchanges are asked for; what is None is left open.

    Attributes:
        method: the method, in any case.
        path: the path; `*` stands for anything.
        operation: the operation id; `*` stands for anything.
        status: `404`, or `4xx`.
        after: only those with a higher number.
        since: only those that came at that time or later.
        contains: a text that the request's body has in it.
        broke: only those whose answer broke, or only the others.
        fault: only those that had a fault, or only the others.

    Raises:
        UnknownOperationError: there is no such operation; nothing would ever fit.
    """

    method: str | None = None
    path: str | None = None
    operation: str | None = None
    status: str | None = None
    after: int | None = None
    since: datetime | None = None
    contains: str | None = None
    broke: bool | None = None
    fault: bool | None = None

    def __post_init__(self) -> None:
        if self.operation:
            named(self.operation)

    def tests(self) -> list[Callable[[Exchange], bool]]:
        """What an exchange must pass, one test for each thing that is asked."""
        found: list[Callable[[Exchange], bool]] = []
        method, path, operation = self.method, self.path, self.operation
        if method is not None:
            found.append(lambda item: item.method == method.upper())
        if path is not None:
            found.append(lambda item: fnmatchcase(item.path, _literal(path)))
        if operation is not None:
            found.append(lambda item: fnmatchcase(item.operation or "", _literal(operation)))
        return found + self._more_tests()

    def _more_tests(self) -> list[Callable[[Exchange], bool]]:
        found: list[Callable[[Exchange], bool]] = []
        status, after, since, contains = self.status, self.after, self.since, self.contains
        if status is not None:
            found.append(lambda item: str(item.status).startswith(status.removesuffix("xx")))
        if after is not None:
            found.append(lambda item: item.number > after)
        if since is not None:
            found.append(lambda item: item.at >= since)
        if contains is not None:
            found.append(lambda item: contains in item.request_text)
        if self.broke is not None:
            found.append(lambda item: item.broke is self.broke)
        if self.fault is not None:
            found.append(lambda item: (item.fault is not None) is self.fault)
        return found


def _literal(pattern: str) -> str:
    """A pattern in which nothing but `*` means anything."""
    return re.sub(r"[\[?]", lambda found: f"[{found[0]}]", pattern)
