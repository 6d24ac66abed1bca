"""A mock that serves, in the hands of a test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mock_server.clock import parse_time
from mock_server.control.controls import START
from mock_server.faults.syntax import read_fault
from mock_server.fixtures.times import step
from mock_server.journal.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from pathlib import Path

    from mock_server.clock import MockClock
    from mock_server.control.controls import Controls
    from mock_server.journal.exchange import Exchange
    from mock_server.store import Store

    Result = TypeVar("Result")

DEFAULT_STATUS: Final = 503
PATIENCE: Final = 60.0


def _time(at: str | datetime | None) -> datetime | None:
    if at is None:
        return None
    return parse_time(at if isinstance(at, str) else at.isoformat())


@dataclass(frozen=True, slots=True)
class RunningMock:
    """A mock that serves from a thread.

    Its methods may be called at any time: they are carried out between two requests.

    Attributes:
        url: where its API is, as PREFECT_API_URL wants it: `http://127.0.0.1:4200/api`.
        store: its state. Reading it is safe at any time; to change it, use `between_requests`.
        controls: its clock, faults, journal, snapshots and fixtures, to be used likewise.
        loop: the event loop of its thread.
    """

    url: str
    store: Store
    controls: Controls
    loop: asyncio.AbstractEventLoop = field(repr=False)

    def between_requests(self, do: Callable[[], Result]) -> Result:
        """Call a function while no request is being carried out.

        Args:
            do: the function; what it raises is raised here.

        Returns:
            What the function returned.
        """

        async def done() -> Result:
            return do()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(PATIENCE)

    def reset(self) -> None:
        """Back to how the mock began: data, clock, ids, faults, and an empty journal."""
        self.between_requests(self.controls.reset)

    def load(self, fixtures: str | Path = START) -> None:
        """Replace the data by fixtures.

        Args:
            fixtures: the name of a set, the path of a file (from the working directory, unlike
                that of `deployments_mock_fixtures`, from pytest's rootdir), or `start` for what the
                mock began with.

        Raises:
            FixtureError: there are no such fixtures, or they are broken; nothing has changed then.
        """
        self.between_requests(lambda: self.controls.load(fixtures))

    @property
    def now(self) -> datetime:
        """What time it is in the mock."""
        return self.controls.store.now()

    def advance(self, by: str | timedelta) -> datetime:
        """Move the clock; if it runs it goes on running.

        Args:
            by: how far, such as `2h`, `1h30m`, or `-5m` to move it back.

        Returns:
            What time it is then.

        Raises:
            FixedClockError: the store's clock is the caller's own.
            ValueError: it is no length of time, or no clock goes there.
        """
        length = step(by) if isinstance(by, str) else by
        return self._set_clock(lambda clock: clock.advance(length))

    def freeze(self, at: str | datetime | None = None) -> datetime:
        """Let the clock stand still.

        Args:
            at: at that time: a datetime, or a text in ISO 8601; None for where it is.

        Returns:
            What time it is then.

        Raises:
            FixedClockError: the store's clock is the caller's own.
            ValueError: it is no time, or no clock goes there.
        """
        time = _time(at)
        return self._set_clock(lambda clock: clock.freeze(time))

    def release(self, at: str | datetime | None = None) -> datetime:
        """Let the clock run; arguments and errors as those of `freeze`."""
        time = _time(at)
        return self._set_clock(lambda clock: clock.release(time))

    def _set_clock(self, change: Callable[[MockClock], None]) -> datetime:
        """Change the clock, and let the services do what is due then."""

        def changed() -> datetime:
            change(self.controls.clock)
            self.controls.catch_up()
            return self.now

        return self.between_requests(changed)

    def journal(
        self,
        *,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | str | None = None,
        contains: str | None = None,
    ) -> list[dict[str, Any]]:
        """What the mock was asked and what it answered, oldest first.

        Args:
            operation: only of this operation id; `*` stands for anything.
            method: only of this method.
            path: only of this path, with `/api`; `*` stands for anything.
            status: only those answered so: `404`, or `"4xx"`.
            contains: only those whose request's body has this text in it.

        Returns:
            One mapping per exchange, as the control API shows it.

        Raises:
            UnknownOperationError: there is no such operation: a ValueError, lest a misspelt one
                makes a test pass.
        """
        wanted = Wanted(
            operation=operation,
            method=method,
            path=path,
            status=None if status is None else str(status),
            contains=contains,
        )

        def found() -> list[Exchange]:
            return list(self.controls.journal.find(wanted))

        return [exchange.whole() for exchange in self.between_requests(found)]

    def fail_next(
        self,
        operation: str = "*",
        *,
        status: int | None = None,
        fault: str | None = None,
        delay: str | None = None,
        retry_after: int | None = None,
        times: int = 1,
    ) -> None:
        """Let something go wrong with the next request; without more, it is answered with 503.

        Args:
            operation: only with requests to this operation id; `*` stands for anything.
            status: answer with this status, which the spec must declare, and its body.
            fault: what happens to the connection, such as `drop`; a key of
                `mock_server.faults.syntax.KINDS`.
            delay: wait first, such as `200ms`, `2s` or `1s..2s`.
            retry_after: seconds, for the header of that name.
            times: how many requests it happens to.

        Raises:
            FaultError: there can be no such fault; the message says what there can be.
        """
        if status is None and fault is None and delay is None:
            status = DEFAULT_STATUS
        given = {
            "operation": operation,
            "status": status,
            "fault": fault,
            "delay": delay,
            "retry_after": retry_after,
            "times": times,
        }
        made = read_fault({name: value for name, value in given.items() if value is not None})
        self.controls.faults.add(made)
