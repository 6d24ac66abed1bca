"""Beginning and ending a run."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contract_tests.janitor import Janitor
from contract_tests.known import Known
from contract_tests.profiles import PROFILES
from contract_tests.session import Session
from contract_tests.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_LARGEST_SEED = 10**6
_STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@dataclass(frozen=True)
class Options:
    """What a user asks for.

    Attributes:
        base_url: of the target, with its base path.
        profile: a key of `PROFILES`.
        seed: None: a new one.
        read_only: send nothing that could change the target.
        known: a file of known deviations besides our own.
        strict: warnings fail, too.
    """

    base_url: str
    profile: str = "quick"
    seed: int | None = None
    read_only: bool = False
    known: str | None = None
    strict: bool = False

    def repeat(self, seed: int) -> str:
        """The command line that runs the same again."""
        words = ["deployments-contract", "run", "--base-url", self.base_url]
        words += ["--profile", self.profile, "--seed", str(seed)]
        words += ["--read-only"] * self.read_only + ["--strict"] * self.strict
        words += ["--known", self.known] if self.known else []
        return " ".join(words)


@contextmanager
def run(options: Options) -> Iterator[Session]:
    """A session on the target; whatever it made there is removed at the end, come what may.

    Raises:
        CannotJudge: the target cannot be judged.
    """
    seed = secrets.randbelow(_LARGEST_SEED) if options.seed is None else options.seed
    with (
        Target(options.base_url, read_only=options.read_only) as target,
        _stopping_by_signal(target),
    ):
        target.probe()
        known = Known.load(target.version, Path(options.known) if options.known else None)
        target.observers.append(known.observe)
        prefix = _free_prefix(target, seed)
        session = Session(
            target=target,
            profile=PROFILES[options.profile],
            seed=seed,
            strict=options.strict,
            prefix=prefix,
            known=known,
            repeat=options.repeat(seed),
        )
        janitor = Janitor(target, prefix)
        if not options.read_only:
            target.observers.append(janitor.observe)
            janitor.start()
        try:
            yield session
        finally:
            target.stopped = ""
            if not options.read_only:
                session.left_over += janitor.remove()


def _free_prefix(target: Target, seed: int) -> str:
    """A prefix that nothing on the target begins with; the same for the same seed, as a rule."""
    # Several workers of one pytest run share its seed.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    for suffix in ("", "b", "c", "d"):
        prefix = f"ct-{seed:06d}{worker}{suffix}-"
        body = {"flows": {"name": {"like_": prefix}}, "limit": 1}
        if target.post("/flows/filter", body).body.strip() == b"[]":
            return prefix
    return f"ct-{secrets.token_hex(4)}-"


@contextmanager
def _stopping_by_signal(target: Target) -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does, so that what was made is removed.

    Libraries between here and a test may catch the exception; the next request raises it again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if not target.stopped:
            again = "again to leave it there"
            print(f"\nStopping: removing what this run made ({again}).", file=sys.stderr)  # noqa: T201
        target.stopped = signal.Signals(number).name
        raise KeyboardInterrupt(target.stopped)

    before = {number: signal.signal(number, interrupt) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
