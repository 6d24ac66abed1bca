"""When two answers say the same: up to ids, clocks, random names and open orders."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from contract_tests.findings import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CLOCK_SECONDS: Final = 30
DAY_SECONDS: Final = 86_400
_UUID: Final = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\b[0-9a-fA-F]{32}\b"
_TIME: Final = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"
_IDS: Final = re.compile(_UUID)
_TIMES: Final = re.compile(_TIME)
_WORDS: Final = re.compile(r"[a-z]+-[a-z]+")
_TICKS: Final = [timedelta(microseconds=count) for count in (0, 1, -1)]
# Seconds between a clock and a far moment, as bounds in errors tell them.
_SECONDS: Final = r"-?\d{7,}\.\d+"
_PARTS: Final = re.compile(f"({_UUID}|{_TIME}|{_SECONDS})")
_RANDOM_NAME: Final = re.compile(r"[a-z]+-[a-z]+")
# Seconds that go on counting while a run is under way or late.
_RUNNING_SECONDS: Final = frozenset(
    {"estimated_run_time", "estimated_start_time_delta", "total_run_time"}
)
_CLOCK_KEYS: Final = _RUNNING_SECONDS | {"ge", "gt", "le", "lt"}
_LONGEST: Final = 200  # characters of a value in a line


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is compared: status, the headers that count, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body's value; an unreadable one is its own text."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace")


class Mismatch(NamedTuple):
    """One thing in which two answers differ.

    Attributes:
        part: of the answer.
        place: where, such as `status`, `header allow` or `body.results[0].name`.
        told: both values.
    """

    part: Literal["status", "header", "body"]
    place: str
    told: str

    def __str__(self) -> str:
        return f"{self.place}: {self.told}"

    @property
    def kind(self) -> str:
        """The place, whichever items of a list it is in."""
        return re.sub(r"\[\d+\]", "[]", self.place)


class Sameness:
    """Compares answers of two servers and learns which ids of theirs belong together."""

    def __init__(self) -> None:
        self._right_of: dict[str, str] = {}
        self._left_of: dict[str, str] = {}
        self._tried: dict[str, str] = {}
        # Clocks by their moment, names that a server makes up by themselves; left to right.
        self._moments: dict[datetime, datetime] = {}
        self._names: dict[str, str] = {}
        self._tried_names: dict[str, str] = {}
        self._tried_moments: dict[datetime, datetime] = {}

    def differences(
        self, left: Answer, right: Answer, *, unordered: bool = False
    ) -> list[Mismatch]:
        """What differs; empty when the answers agree.

        Ids that were never seen are taken for each other's counterparts, for good only when
        everything else agrees.
        """
        if left.status != right.status:
            shown = f"{left.status} != {right.status}"
            bodies = f"{left.body[:300]!r} != {right.body[:300]!r}"
            return [Mismatch("status", "status", f"{shown}  {bodies}")]
        self._tried, self._tried_names, self._tried_moments = {}, {}, {}
        found = [
            Mismatch(
                "header",
                f"header {name}",
                f"{left.headers.get(name)!r} != {right.headers.get(name)!r}",
            )
            for name in sorted(left.headers.keys() | right.headers.keys())
            if not self._same_text(left.headers.get(name, ""), right.headers.get(name, ""))
        ]
        if bool(left.body) != bool(right.body):
            found.append(_in_body("body", f"{left.body[:300]!r} != {right.body[:300]!r}"))
        elif left.body:
            found += self._compare(left.json(), right.json(), "body", unordered=unordered)
        if not found:
            for one, other in self._tried.items():
                self._link(one, other)
            self._names |= self._tried_names
            self._moments |= self._tried_moments
        return found

    def link(self, left: str, right: str) -> None:
        """State that two ids mean the same object."""
        self._link(left, right)

    def translate(self, text: str) -> str:
        """A request's text for the right server: ids, clocks and made-up names are its own."""
        if self._names:
            text = _WORDS.sub(lambda match: self._names.get(match[0], match[0]), text)
        return _TIMES.sub(self._moment, _IDS.sub(self._counterpart, text))

    def _moment(self, match: re.Match[str]) -> str:
        try:
            moment = datetime.fromisoformat(match[0])
        except ValueError:
            return match[0]
        if moment.tzinfo is None:
            return match[0]
        for tick in _TICKS:
            try:
                other = self._moments.get(moment + tick)
            except OverflowError:  # at the ends of the calendar
                continue
            if other is not None:
                return (other - tick).astimezone(moment.tzinfo).isoformat()
        return match[0]

    @property
    def has_made_up_names(self) -> bool:
        """Whether names were met that each server makes up by itself."""
        return bool(self._names)

    def _counterpart(self, match: re.Match[str]) -> str:
        one = match[0]
        other = self._right_of.get(_canonical(one))
        if other is None:
            return one
        other = other if "-" in one else other.replace("-", "")
        return other.upper() if one != one.lower() else other

    def knows(self, left: str) -> bool:
        """Whether an id of the left server has a counterpart."""
        return _canonical(left) in self._right_of

    def _link(self, left: str, right: str) -> None:
        self._right_of[left] = right
        self._left_of[right] = left

    def _compare(
        self, left: Any, right: Any, where: str, *, unordered: bool = False
    ) -> Iterator[Mismatch]:
        if isinstance(left, dict) and isinstance(right, dict):
            yield from self._compare_objects(left, right, where, unordered=unordered)
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                yield _in_body(where, f"{len(left)} items != {len(right)} items")
                return
            if unordered:
                left = sorted(left, key=lambda item: self._order(item, self._right_of))
                right = sorted(right, key=lambda item: self._order(item, self._left_of))
            for index, (one, other) in enumerate(zip(left, right, strict=True)):
                yield from self._compare(one, other, f"{where}[{index}]")
        elif not self._same_value(left, right, where.rpartition(".")[2]):
            yield _in_body(where, f"{_short(left)} != {_short(right)}")

    def _compare_objects(
        self, left: dict[str, Any], right: dict[str, Any], where: str, *, unordered: bool
    ) -> Iterator[Mismatch]:
        is_run = "auto_scheduled" in left
        may_be_random = is_run or "task_key" in left
        for key in left | right:
            one, other = left.get(key, MISSING), right.get(key, MISSING)
            if may_be_random and key == "name" and _random_names(one, other):
                self._tried_names[one] = other
                continue
            # A run's tags are the union of two lists: a set, whose order is open.
            loose = (is_run and key == "tags") or (unordered and key in {"results", "deleted"})
            yield from self._compare(one, other, f"{where}.{key}", unordered=loose)

    def _same_value(self, left: Any, right: Any, key: str) -> bool:
        if type(left) is not type(right):
            return False
        if isinstance(left, str) and isinstance(right, str):
            return self._same_text(left, right)
        if isinstance(left, float) and isinstance(right, float) and key in _CLOCK_KEYS:
            return abs(left - right) <= CLOCK_SECONDS
        return bool(left == right)

    def _same_text(self, left: str, right: str) -> bool:
        ones, others = _PARTS.split(left), _PARTS.split(right)
        return len(ones) == len(others) and all(
            one == other if index % 2 == 0 else self._same_part(one, other)
            for index, (one, other) in enumerate(zip(ones, others, strict=True))
        )

    def _same_part(self, left: str, right: str) -> bool:
        if re.fullmatch(_SECONDS, left) and re.fullmatch(_SECONDS, right):
            return abs(float(left) - float(right)) <= CLOCK_SECONDS
        if _is_time(left) or _is_time(right):
            if not (_is_time(left) and _is_time(right)):
                return False
            same = left == right or _near(left, right)
            if same and left != right:
                moment = datetime.fromisoformat(left)
                self._tried_moments[moment] = datetime.fromisoformat(right)
            return same
        if _form(left) != _form(right):
            return False
        one, other = _canonical(left), _canonical(right)
        if one in self._right_of or other in self._left_of:
            return self._right_of.get(one) == other
        taken = self._tried.get(one)
        if taken is None and other not in self._tried.values():
            self._tried[one] = taken = other
        return taken == other

    def _order(self, item: Any, counterparts: dict[str, str]) -> str:
        """A sort key that is equal on both sides for objects that are each other's counterpart."""

        def name(match: re.Match[str]) -> str:
            one = match[0]
            if _is_time(one):
                return "now" if _near_now(one) else one
            other = counterparts.get(_canonical(one))
            return min(one, other) if other else "id"

        if not isinstance(item, dict):
            return _PARTS.sub(name, json.dumps(item, sort_keys=True))
        # The id first: what else tells two alike objects apart may be a clock or an open order.
        own = _PARTS.sub(name, str(item.get("id")))
        steady = {key: value for key, value in item.items() if key not in _CLOCK_KEYS}
        if _random_names(item.get("name"), item.get("name")):
            del steady["name"]
        if isinstance(item.get("tags"), list):
            steady["tags"] = sorted(map(str, item["tags"]))
        return own + _PARTS.sub(name, json.dumps(steady, sort_keys=True))


def _in_body(place: str, told: str) -> Mismatch:
    return Mismatch("body", place, told)


def _random_names(left: Any, right: Any) -> bool:
    return all(isinstance(name, str) and _RANDOM_NAME.fullmatch(name) for name in (left, right))


def _is_time(text: str) -> bool:
    return re.match(_TIME, text) is not None


def _near(left: str, right: str) -> bool:
    """Clocks that were read for the same event: near each other and written in one shape."""
    if _shape(left) != _shape(right) and not _is_whole(left, right):
        return False
    one, other = datetime.fromisoformat(left), datetime.fromisoformat(right)
    if (one.tzinfo is None) != (other.tzinfo is None) or one.utcoffset() != other.utcoffset():
        return False
    return abs((one - other).total_seconds()) <= CLOCK_SECONDS


def _shape(text: str) -> str:
    return re.sub(r"\d", "0", text)


def _is_whole(left: str, right: str) -> bool:
    """One of a thousand times in milliseconds is a whole second, and has no fraction."""
    shorter, longer = sorted((left, right), key=len)
    whole = re.sub(r"\.\d{3}000", "", longer)
    return whole != longer and _shape(whole) == _shape(shorter)


def _near_now(text: str) -> bool:
    moment = datetime.fromisoformat(text)
    now = datetime.now(moment.tzinfo or UTC).replace(tzinfo=moment.tzinfo)
    return abs((moment - now).total_seconds()) < DAY_SECONDS


def _form(text: str) -> tuple[int, bool]:
    return len(text), text == text.lower()


def _canonical(text: str) -> str:
    plain = text.replace("-", "").lower()
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def _short(value: Any) -> str:
    text = value if value == MISSING else json.dumps(value, ensure_ascii=False)
    return text if len(text) < _LONGEST else f"{text[:_LONGEST]}..."


def joined(lines: Iterable[object], limit: int = 6) -> str:
    """The first differences of an answer, one line each."""
    listed = list(lines)
    more = [f"... and {len(listed) - limit} more"] if len(listed) > limit else []
    return "\n".join(f"    {line}" for line in [*listed[:limit], *more])
