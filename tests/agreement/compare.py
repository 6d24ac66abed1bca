"""Two servers, the same data, the same requests: what differs."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from contract_tests.comparing.sameness import Answer, Mismatch, Sameness, joined
from tests.agreement import changes, invalid, queries
from tests.agreement import world as data
from tests.agreement.wire import Request, Side, outline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STREAMS: Final[dict[str, Callable[[Random, data.World], Request]]] = {
    "queries": queries.query,
    "supporting": queries.supporting_query,
    "invalid": invalid.invalid_request,
}
CHANGES: Final = "changes"
SERVER_ERROR: Final = 500
SUCCESS: Final = range(200, 300)
# Longer than the clocks of two servers can be apart for the same request.
BETWEEN_STAGES: Final = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    request: Request
    found: list[Mismatch]

    def __str__(self) -> str:
        return f"{self.request.kind}: {str(self.request)[:600]}\n{joined(self.found)}"

    @property
    def cause(self) -> tuple[str, ...]:
        """What differences of one cause share: path and places, without the objects."""
        path = re.sub(r"@@[^@]*@@", "{id}", self.request.path)
        places = {one.kind for one in self.found}
        statuses = {one.told.partition("  ")[0] for one in self.found if one.part == "status"}
        return (self.request.method, path, *sorted(places | statuses))


@dataclass(slots=True)
class Tally:
    """How many requests of each kind were sent, and which answers differed.

    Attributes:
        failed: requests that the reference answered with 5xx while the other one refused them:
            nothing to agree with, counted apart.
    """

    sent: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def agreement(self, kind: str | None = None) -> float:
        """The share of comparable answers that agree, 0 to 1, of one kind or of all."""
        kinds = [kind] if kind else list(self.sent)
        comparable = sum(self.sent[each] - self.failed[each] for each in kinds)
        differing = sum(each.request.kind in kinds for each in self.differences)
        return 1.0 if comparable == 0 else 1 - differing / comparable

    def report(self, most: int = 20) -> str:
        """The tally as a table, and the first difference of each cause."""
        rows = [f"{'kind':<18} {'sent':>6} {'5xx':>5} {'differ':>7} {'agree':>8}"]
        differing = Counter(each.request.kind for each in self.differences)
        rows += [
            f"{kind:<18} {self.sent[kind]:>6} {self.failed[kind]:>5} {differing[kind]:>7} "
            f"{self.agreement(kind):>8.2%}"
            for kind in self.sent
        ]
        rows.append(
            f"{'all':<18} {self.sent.total():>6} {self.failed.total():>5} "
            f"{len(self.differences):>7} {self.agreement():>8.2%}"
        )
        causes: dict[tuple[str, ...], list[Difference]] = {}
        for each in self.differences:
            causes.setdefault(each.cause, []).append(each)
        shown = [f"{len(group)}x {group[0]}" for group in causes.values()][:most]
        if len(causes) > most:
            shown.append(f"... and {len(causes) - most} more causes")
        return "\n".join([*rows, *shown])


class Comparison:
    """Sends each request to both servers and tallies what differs.

    `left` is the one that is judged, `right` the reference.
    """

    def __init__(self, left: Side, right: Side) -> None:
        self.left = left
        self.right = right
        self.tally = Tally()
        self._sameness = Sameness()

    def seed(self, rng: Random) -> data.World:
        """Give both servers the same data.

        Raises:
            AssertionError: a seed request was refused by either.
        """
        world = data.World()
        for stage in data.stages(rng, world):
            for request in stage:
                left, right = self.send(request)
                for side, answer in ((self.left, left), (self.right, right)):
                    assert answer.status in SUCCESS, (side.base_url, str(request), answer)
            time.sleep(BETWEEN_STAGES)
            world.mark()
            time.sleep(BETWEEN_STAGES)
        return world

    def send_stream(self, stream: str, world: data.World, *, seed: int, count: int) -> None:
        """Send a number of random requests of one stream; the state changes are that many steps."""
        for request in self.requests(stream, world, seed=seed, count=count):
            self.send(request)

    def requests(
        self, stream: str, world: data.World, *, seed: int, count: int
    ) -> Iterator[Request]:
        """The requests of one stream; those of state changes depend on what was answered."""
        rng = Random(f"{seed} {stream}")
        if stream == CHANGES:
            return changes.Changes(rng, self.left).requests(count)
        return (STREAMS[stream](rng, world) for _ in range(count))

    def send(self, request: Request) -> tuple[Answer, Answer]:
        """Send one request to both, compare, and remember the ids that it made."""
        left, right = self.left.send(request), self.right.send(request)
        self.tally.sent[request.kind] += 1
        if right.status >= SERVER_ERROR and left.status < SERVER_ERROR:
            self.tally.failed[request.kind] += 1
            if left.status in SUCCESS:
                told = f"{left.status} != {right.status}  accepted, and the reference failed"
                found = [Mismatch("status", "status", told)]
                self.tally.differences.append(Difference(request, found))
        else:
            self._compare(request, left, right)
        self._save(request, left, right)
        if request.settle:
            time.sleep(request.settle)
        return left, right

    def _compare(self, request: Request, left: Answer, right: Answer) -> None:
        if request.rows_open:
            left, right = outline(left), outline(right)
        found = self._sameness.differences(left, right, unordered=request.unordered)
        if found:
            self.tally.differences.append(Difference(request, found))

    def _save(self, request: Request, left: Answer, right: Answer) -> None:
        """Only what both servers made has a key: a half-made object would spoil what follows."""
        if left.status not in SUCCESS or right.status not in SUCCESS:
            return
        pairs = zip(_made(request, left), _made(request, right), strict=False)
        for key, (one, other) in zip(request.save, pairs, strict=False):
            self.left.ids[key], self.right.ids[key] = one["id"], other["id"]
            self._sameness.link(one["id"], other["id"])


def _made(request: Request, answer: Answer) -> list[Any]:
    found = answer.json()
    if request.saved_from:
        found = found[request.saved_from]
    return found if isinstance(found, list) else [found]


def compare(left: str, right: str, *, seed: int, counts: Mapping[str, int]) -> Tally:
    """Seed two empty servers alike, send both the same random requests, and tally the answers.

    Args:
        left: base URL of the server that is judged.
        right: base URL of the reference.
        seed: of all that is random.
        counts: how many requests of each stream (a key of `STREAMS`) to send.
    """
    with Side(left) as one, Side(right) as other:
        comparison = Comparison(one, other)
        world = comparison.seed(Random(seed))
        for stream, count in counts.items():
            comparison.send_stream(stream, world, seed=seed, count=count)
        return comparison.tally
