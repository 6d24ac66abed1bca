"""Values that requests are made of: what the target holds, what is near it, what is not there."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from contract_tests.spec.criteria import KIND

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from contract_tests.data.dataset import DataSet
    from contract_tests.spec.criteria import Criterion

Record = dict[str, Any]

UNKNOWN_ID: Final = "00000000-0000-4000-8000-0000000c0de5"
UNKNOWN_TEXT: Final = "no-such-thing"
_STRANGERS: Final[Mapping[str, list[str]]] = {
    "ids": [f"{UNKNOWN_ID[:-4]}{number:04x}" for number in range(120)],
    "texts": [f"{UNKNOWN_TEXT}-{number}" for number in range(120)],
}
_WITH_ID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-")
_FAR: Final = ("1990-01-01T00:00:00Z", "2150-01-01T00:00:00Z")
_TICK: Final = timedelta(microseconds=1)
_ELSEWHEN: Final = timezone(timedelta(hours=5, minutes=30))
_INTEGERS: Final = (0, 1, 3, 10, 1000)
# So many names would be a table of their own; a criterion needs a few to be told from others.
_MOST: Final = 12

# Where the value of a criterion is not the record's field of the same name.
_ELSEWHERE: Final[Mapping[str, Callable[[DataSet, Record], Any]]] = {
    "flow_runs.work_queue_name": lambda data, row: data.queue_of(row),
    "deployments.work_queue_name": lambda data, row: data.queue_of(row),
    "flow_runs.state.type": lambda _, row: row.get("state_type"),
    "flow_runs.state.name": lambda _, row: row.get("state_name"),
    "task_runs.state.type": lambda _, row: row.get("state_type"),
    "task_runs.state.name": lambda _, row: row.get("state_name"),
}


class Vocabulary:
    """The values of a data set, by criterion.

    The order of values depends on the plan of the data only, not on ids or clocks, so that the same
    random choices pick the same things in every run with the same seed.

    Args:
        data: the data set.
    """

    def __init__(self, data: DataSet) -> None:
        self._data = data
        self._rows = {kind: sorted(data.records[kind], key=_place) for kind in data.records}

    def existing(self, criterion: Criterion, operator: str) -> list[Any]:
        """Distinct values that the data has for a criterion, at most a dozen."""
        found = self._found(criterion, operator)
        flat = [v for value in found for v in (value if isinstance(value, list) else [value])]
        distinct = list(dict.fromkeys(v for v in flat if v is not None))
        step = max(1, len(distinct) // _MOST)
        return distinct[::step][:_MOST]

    def _found(self, criterion: Criterion, operator: str) -> Iterable[Any]:
        rows = self._rows[KIND[criterion.filter]]
        if criterion.name == "deployments.flow_or_deployment_name":
            return [
                row.get("name") for kind in ("flows", "deployments") for row in self._rows[kind]
            ]
        if criterion.name == "flow_runs.parent_flow_run_id":
            runs = {row["id"]: row.get("flow_run_id") for row in self._rows["task_runs"]}
            return [runs.get(row.get("parent_task_run_id")) for row in rows]
        if criterion.name == "flow_runs.created_by":
            key = "type" if operator == "type_" else "id"
            return [(row.get("created_by") or {}).get(key) for row in rows]
        get = _ELSEWHERE.get(criterion.name)
        if get is not None:
            return [get(self._data, row) for row in rows]
        # A run that the server made has a name of its own choice.
        named = [
            row for row in rows if not row.get("auto_scheduled") or criterion.path != ("name",)
        ]
        return [row.get(criterion.path[-1]) for row in named]

    def classes(
        self, criterion: Criterion, operator: str, rng: random.Random
    ) -> list[tuple[str, Any]]:
        """Values to try an operator with, one or more of each class: (name of the class, value)."""
        kind = criterion.operators[operator]
        existing = self.existing(criterion, operator)
        if kind == "boolean":
            return [("null", None), ("true", True), ("false", False)]
        if kind == "integer":
            return [("null", None), *((str(number), number) for number in _INTEGERS)]
        if kind == "time":
            return [("null", None), *_times(existing, rng)]
        if kind == "text":
            longest = self._longest(criterion, operator)
            # Where a pattern is cut, it matches the name that it goes beyond.
            beyond = [("beyond the longest", f"{longest}~")] if longest else []
            return [("null", None), ("empty", ""), *_patterns(existing, rng), *beyond]
        if operator == "startswith_":
            existing = [text for name in existing for text in (name, name[: -len(name) // 2])]
            existing += [text.swapcase() for text in existing if text.isascii()]
        return [("null", None), ("empty", []), *_lists(kind, criterion, existing, rng)]

    def _longest(self, criterion: Criterion, operator: str) -> str:
        texts = (text for text in self._found(criterion, operator) if isinstance(text, str))
        return max((text for text in texts if text.isascii()), key=len, default="")

    def many(self, criterion: Criterion, operator: str) -> list[str]:
        """A list longer than what a server may put in one piece of a query: one value exists."""
        kind = criterion.operators[operator]
        existing = self.existing(criterion, operator) if kind in _STRANGERS else []
        return [*_STRANGERS[kind], existing[-1]] if existing else []


def _place(row: Record) -> tuple[str, ...]:
    """Where a row stands among its kind, in every run with the same plan."""
    own_name = "" if row.get("auto_scheduled") else str(row.get("name", ""))
    told = (row.get("expected_start_time"), row.get("flow_id"), row.get("work_pool_name"))
    return (
        own_name,
        *map(str, told if row.get("auto_scheduled") else told[2:]),
        str(row.get("created")),
    )


def _lists(
    kind: str, criterion: Criterion, existing: Sequence[Any], rng: random.Random
) -> list[tuple[str, Any]]:
    few = rng.sample(list(existing), min(4, len(existing)))
    found: list[tuple[str, Any]] = [("one", [value]) for value in few]
    if kind == "enum":
        unknown = [value for value in criterion.enum if value not in existing]
    else:
        unknown = [UNKNOWN_ID if kind == "ids" else UNKNOWN_TEXT]
    if len(existing) > 1:
        found.append(("several", rng.sample(list(existing), min(3, len(existing)))))
        found.append(("all", list(existing)))
    if unknown:
        found.append(("unknown", unknown[:1]))
    if few:
        # What exists comes last: a server may not look at the first value alone.
        found.append(("one and unknown", [*unknown[:1], few[0]]))
        found.append(("twice", [few[-1], few[-1]]))
    if kind == "ids" and few:
        found.append(("upper case", [few[-1].upper()]))
    if kind == "texts":
        found += [("other case", [v.swapcase()]) for v in few[:2] if v.swapcase() != v]
        # What holds an id is cut in another place in each run.
        plain = [value for value in few if not _WITH_ID.search(value)]
        found += [("a part", [v[:-1]]) for v in plain[:1] if v[:-1]]
        found += [("almost", _almost(v)) for v in plain[-1:]]
        found += [("other form", _other_forms(existing))] if _other_forms(existing) else []
    return found


def _other_forms(existing: Sequence[str]) -> list[str]:
    """Texts that look like those that exist, letters and accents taken apart or put together."""
    forms = (unicodedata.normalize(form, text) for text in existing for form in ("NFC", "NFD"))
    return [text for text in dict.fromkeys(forms) if text not in existing]


def _almost(text: str) -> list[str]:
    """What a server must not take for the text: padded, longer, with wildcards, its end alone."""
    half = len(text) // 2
    return [f" {text}", f"{text} ", f"{text}x", f"{text[:half]}%", f"_{text[1:]}", text[half:]]


def _patterns(existing: Sequence[str], rng: random.Random) -> list[tuple[str, Any]]:
    """Patterns for LIKE, cut from names.

    Only of ASCII: whether other letters differ by case is left to the server's database.
    """
    names = [name for name in existing if name.isascii() and len(name) > 2]  # noqa: PLR2004
    found: list[tuple[str, Any]] = [("unknown", UNKNOWN_TEXT)]
    for name in rng.sample(names, min(4, len(names))):
        # Behind the last dash is what tells a name of ours from the others.
        own = name[name.rfind("-") + 1 :] or name
        middle = own[: max(2, len(own) - 1)]
        found += [
            ("name", name),
            ("part", middle),
            ("other case", middle.swapcase()),
            ("underscore", f"_{own[1:]}"),
            ("percent", f"{own[0]}%{own[-1]}"),
            ("padded", f"{middle} "),
        ]
    return found


def _times(existing: Sequence[str], rng: random.Random) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("long ago", _FAR[0]), ("far ahead", _FAR[1])]
    for text in rng.sample(sorted(existing), min(4, len(existing))):
        exact = datetime.fromisoformat(text)
        found += [
            ("exact", text),
            ("just before", (exact - _TICK).isoformat()),
            ("just after", (exact + _TICK).isoformat()),
            ("other offset", exact.astimezone(_ELSEWHEN).isoformat()),
        ]
    return found
