"""Beginning and ending a run."""

from __future__ import annotations

import secrets
import shlex
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract_tests.comparing.mirror import Mirror
from contract_tests.data.janitor import Janitor
from contract_tests.known.known import Known
from contract_tests.reports.har import HarRecorder
from contract_tests.reports.writing import HAR, wanted
from contract_tests.running.profiles import PROFILES
from contract_tests.running.session import Session
from contract_tests.spec.version import taken_for
from contract_tests.transport.credentials import without_userinfo
from contract_tests.transport.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_LARGEST_SEED = 10**6
_SEED_OF_SHARDS = 1
_CREATED = 201
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
        known_update: add to that file what is found.
        strict: warnings fail, too.
        auth: `basic:USER:PASS` or `bearer:TOKEN`.
        headers: sent with every request, `NAME:VALUE` each.
        timeout: seconds to wait for an answer.
        reports: what to write, as given to `--report`.
        shard: the part to run, such as `2/5`; "" for the whole.
        max_time: seconds after which no more is sent; None: no limit.
        reference: the address of a second server, to compare answers with.
        only: kinds of checks; none for all.
    """

    base_url: str
    profile: str = "quick"
    seed: int | None = None
    read_only: bool = False
    known: str | None = None
    known_update: bool = False
    strict: bool = False
    auth: str | None = field(default=None, repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)
    timeout: float = 30.0
    reports: tuple[str, ...] = ()
    shard: str = ""
    max_time: float | None = None
    reference: str | None = None
    only: tuple[str, ...] = ()

    def repeat(self, seed: int) -> str:
        """The command line that runs the same again; credentials are left to the reader."""
        plain = without_userinfo(self.base_url)[0]
        words = ["deployments-contract", "run" if self.reference is None else "compare"]
        words += ["--base-url", plain]
        words += [] if self.reference is None else ["--reference", self.reference]
        words += ["--profile", self.profile, "--seed", str(seed)]
        words += ["--read-only"] * self.read_only + ["--strict"] * self.strict
        words += ["--known", self.known] if self.known else []
        words += ["--shard", self.shard] if self.shard else []
        words += [] if self.max_time is None else ["--max-time", f"{self.max_time:g}s"]
        words += [word for name in self.only for word in ("--only", name)]
        words += ["--auth", "..."] if self.auth or plain != self.base_url else []
        for header in self.headers:
            words += ["--header", f"{header.partition(':')[0]}:..."]
        return shlex.join(words)


@contextmanager
def run(options: Options, *, worker: str = "") -> Iterator[Session]:
    """A session on the target; whatever it made there is removed at the end, come what may.

    Args:
        options: what the user asks for.
        worker: the name of this process among several that share a run; "" when it is alone.

    Raises:
        CannotJudge: the target cannot be judged.
    """
    seed = _seed(options)
    reports = wanted(options.reports)
    with _target(options) as target, _stopping_by_signal(target):
        recorders = [
            HarRecorder(one.file, worker or "run", target.mask)
            for one in reports
            if one.kind == HAR and one.file is not None
        ]
        target.observers += [recorder.observe for recorder in recorders]
        with ExitStack() as stack:
            for recorder in recorders:
                stack.callback(recorder.close)
            target.probe()
            session = _session(options, target, seed, worker)
            servers: list[Target] = [target]
            if isinstance(target, Mirror):
                servers.append(target.reference)
                target.prepare()
            for server in [] if options.read_only else reversed(servers):
                _clean_up_after(stack, session, server)
            if isinstance(target, Mirror):
                _compare(stack, session, target)
            yield session


def _clean_up_after(stack: ExitStack, session: Session, server: Target) -> None:
    """Watch what is made on a server, and remove it at the end."""
    janitor = Janitor(server, session.prefix)
    server.observers.append(janitor.observe)
    janitor.start()

    def remove() -> None:
        server.stopped = ""
        server.deadline = None
        session.left_over += left_over(server, janitor, session.prefix)

    stack.callback(remove)


def _compare(stack: ExitStack, session: Session, mirror: Mirror) -> None:
    """Send all that follows to both servers."""
    if not mirror.read_only:
        body = {"name": f"{session.prefix}which-data"}
        made = mirror.post("/flows/", body)
        flow = made.json() if made.status == _CREATED else {}
        mirror.settle(flow)
        mirror.send("DELETE", f"/flows/{flow.get('id')}")
    mirror.report = session.differ
    mirror.unjudged = session.cannot_judge
    session.crowded = session.crowded or not mirror.alike
    stack.enter_context(mirror.mirroring())


def _target(options: Options) -> Target:
    settings: dict[str, Any] = {
        "read_only": options.read_only,
        "auth": options.auth,
        "headers": options.headers,
        "timeout": options.timeout,
    }
    if options.reference is None:
        return Target(options.base_url, **settings)
    return Mirror(options.base_url, Target(options.reference, **settings), **settings)


def _session(options: Options, target: Target, seed: int, worker: str) -> Session:
    file = Path(options.known) if options.known else None
    known = Known.load(taken_for(target.version), file, update=options.known_update)
    target.observers.append(known.observe)
    session = Session(
        target=target,
        profile=PROFILES[options.profile],
        seed=seed,
        strict=options.strict,
        prefix=_free_prefix(target, seed, f"{worker}{_short(options.shard)}"),
        known=known,
        repeat=options.repeat(seed),
        shard=options.shard,
        worker=worker,
        reference=options.reference,
        options={"only": list(options.only)},
        crowded=bool(worker or options.shard),
    )
    target.observers.append(session.availability.observe)
    return session


def left_over(target: Target, janitor: Janitor, prefix: str) -> list[str]:
    """Remove what was made; lines with commands for what could not be."""
    lines = janitor.remove()
    if not lines:
        return []
    command = ["deployments-contract", "clean", "--base-url", target.base_url, "--prefix", prefix]
    return [f"{shlex.join(command)}  # all of it at once, when the target does delete", *lines]


def _seed(options: Options) -> int:
    """The seed of a run; one and the same for all parts of a run that is split."""
    if options.seed is not None:
        return options.seed
    return _SEED_OF_SHARDS if options.shard else secrets.randbelow(_LARGEST_SEED)


def _short(shard: str) -> str:
    return f"s{shard.partition('/')[0]}" if shard else ""


def _free_prefix(target: Target, seed: int, part: str) -> str:
    """A prefix that nothing on the target begins with; the same for the same seed, as a rule.

    Args:
        target: where it is to be free.
        seed: of the run; several workers of one run, and its shards, share it.
        part: tells these apart.
    """
    for suffix in ("", "b", "c", "d"):
        prefix = f"ct-{seed:06d}{part}{suffix}-"
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
