"""Request bodies for filter, paginate and count: systematic ones, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from contract_tests.spec.criteria import FILTERS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

    from contract_tests.data.vocabulary import Vocabulary
    from contract_tests.spec.criteria import Criterion

Filters = dict[str, Any]
SORTS: Final = ("NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC")


Tells = Callable[[Filters, Filters, Filters], bool]
_TRIES: Final = 12
_DRAWS: Final = 40  # of pairs: most values of some criteria match nearly all, or nothing


@dataclass(frozen=True, slots=True)
class Case:
    """A filter body and what is special about it.

    Attributes:
        filters: the six filters' part of a request body.
        says: what it tries, the same for the same kind of body: `flows.name.any_ empty`.
        pointer: where the spec tells of it; "" for the operation itself.
    """

    filters: Filters
    says: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of the matches to ask for, in which order.

    Attributes:
        sort: None: not sent.
        limit: rows at most; None: not sent.
        start: where the window begins, as a share of the matches: at 1.0 the last row is the only
            one due, which shows with one row sent whether the number of matches is right. Above
            1.0, beyond the end.
    """

    sort: str | None = None
    limit: int | None = 1
    start: float = 1.0


def alone(
    criterion: Criterion, words: Vocabulary, rng: random.Random, tells: Tells | None = None
) -> Iterator[Case]:
    """A criterion by itself: absent values, then each operator with each class of values.

    Args:
        criterion: which.
        words: values.
        rng: what to choose by.
        tells: as in `together`; two operators are joined by values of which the join can be told.
    """
    name = criterion.name
    yield Case({criterion.filter: {}}, f"{criterion.filter} empty")
    yield Case(criterion.body(None), f"{name} null")
    yield Case(criterion.body({}), f"{name} empty")
    values = {op: words.classes(criterion, op, rng) for op in criterion.operators}
    for operator, classes in values.items():
        for label, value in classes:
            yield Case(criterion.body({operator: value}), f"{name}.{operator} {label}")
        if many := words.many(criterion, operator):
            yield Case(criterion.body({operator: many}), f"{name}.{operator} many")
    for first, second in combinations(values, 2):
        for own in ("and_", "or_") if criterion.combines else ("",):
            yield from _two(criterion, {op: values[op] for op in (first, second)}, own, rng, tells)
    if criterion.combines:
        yield Case(criterion.body({"operator": "or_"}), f"{name} operator alone")


def _two(
    criterion: Criterion,
    values: Mapping[str, Sequence[tuple[str, Any]]],
    own: str,
    rng: random.Random,
    tells: Tells | None,
) -> Iterator[Case]:
    """Two operators of a criterion together, three times; the first time so that it tells."""
    for number in range(3):
        for _ in range(1 if number or tells is None else _TRIES):
            drawn = {operator: rng.choice(values[operator]) for operator in values}
            both = {operator: value for operator, (_, value) in drawn.items()}
            body = criterion.body(both | ({"operator": own} if own else {}))
            one, two = (criterion.body({operator: value}) for operator, value in both.items())
            if tells is None or tells(one, two, body):
                break
        labels = " with ".join(f".{operator} {label}" for operator, (label, _) in drawn.items())
        says = f"{criterion.name}{labels} {own}".rstrip()
        yield Case(body, says)
        if number == 0 and own != "or_":
            # How criteria are joined says nothing of what is inside one.
            yield Case(criterion.body(both, operator="or_"), f"{says} beside or_")


def together(
    criterion: Criterion,
    others: Sequence[Criterion],
    words: Vocabulary,
    rng: random.Random,
    tells: Tells,
    *,
    wanted: int = 2,
) -> Iterator[Case]:
    """A criterion with another one: in one filter under and_ and or_, and across two filters.

    Args:
        criterion: the one.
        others: what it may be joined with.
        words: values.
        rng: what to choose by.
        tells: whether the join of two bodies (given third) can be told from each of them.
        wanted: how many of each kind.
    """
    for own in ("and_", "or_", ""):
        found = 0
        fit = [
            other
            for other in others
            if other != criterion and (other.filter == criterion.filter) == (own != "")
        ]
        for _ in range(_DRAWS * wanted if fit else 0):
            if found == wanted:
                break
            other = rng.choice(fit)
            one, two = some(criterion, words, rng), some(other, words, rng)
            joined = join(one, two, own)
            if joined is not None and tells(one, two, joined):
                found += 1
                if own == "" and found > 1:
                    # The operator of one filter says nothing of how filters are joined.
                    joined = {key: {"operator": "or_", **body} for key, body in joined.items()}
                yield Case(joined, f"{criterion.name} with {other.name} {own}".rstrip())
    for sibling in others:
        if sibling != criterion and _are_parts_of_one(criterion, sibling):
            yield from _parts(criterion, sibling, words, rng, tells)
    beside = [one for one in others if one.filter == criterion.filter and one != criterion]
    other = rng.choice(beside or [criterion])
    empty = join(criterion.body({}), some(other, words, rng), "or_")
    if empty is not None:
        yield Case(empty, f"{criterion.name} empty with {other.name} or_")


def _are_parts_of_one(one: Criterion, two: Criterion) -> bool:
    """Whether two criteria stand in one object, as the type and the name of a state do."""
    return one.filter == two.filter and len(one.path) > 1 and one.path[:-1] == two.path[:-1]


def _parts(
    one: Criterion, two: Criterion, words: Vocabulary, rng: random.Random, tells: Tells
) -> Iterator[Case]:
    """Two criteria of one object, by each of its operators."""
    for operator in ("and_", "or_"):
        for _ in range(2 * _TRIES):
            left, right = some(one, words, rng), some(two, words, rng)
            joined = join(left, right, operator)
            if joined is not None and tells(left, right, joined):
                yield Case(joined, f"{one.name} with {two.name} inside {operator}")
                break


def pairs(
    criteria: Sequence[Criterion], words: Vocabulary, rng: random.Random, tells: Tells
) -> Iterator[Case]:
    """Each two filters together, by criteria of which the join can be told from each of them."""
    for first, second in combinations(FILTERS, 2):
        left, right = ([c for c in criteria if c.filter == name] for name in (first, second))
        for _ in range(4 * _TRIES if left and right else 0):
            one, two = some(rng.choice(left), words, rng), some(rng.choice(right), words, rng)
            if tells(one, two, {**one, **two}):
                yield Case({**one, **two}, f"{first} and {second}")
                break


def crowds(
    criteria: Sequence[Criterion],
    words: Vocabulary,
    rng: random.Random,
    matching: Callable[[Filters], frozenset[str] | None],
) -> Iterator[Case]:
    """As many criteria at once as each still changes the answer: of one filter, and of all."""
    groups = {name: [c for c in criteria if c.filter == name] for name in FILTERS}
    for name, group in groups.items():
        for operator in ("and_", "or_"):
            each = [[criterion] for criterion in rng.sample(group, len(group))]
            body = _crowd(each, operator, words, rng, matching)
            yield Case(body, f"{name}: many {operator}")
    for _ in range(2):
        held = [group for group in groups.values() if group]
        body = _crowd(rng.sample(held, len(held)), "", words, rng, matching)
        yield Case(body, "many filters")


def _crowd(
    groups: Sequence[Sequence[Criterion]],
    operator: str,
    words: Vocabulary,
    rng: random.Random,
    matching: Callable[[Filters], frozenset[str] | None],
) -> Filters:
    body: Filters = {}
    answer = matching(body)
    for group in groups:
        tried: list[tuple[int, Filters, frozenset[str]]] = []
        for _ in range(_TRIES):
            one = some(rng.choice(group), words, rng)
            joined = join(body, one, operator) if body else one
            found = None if joined is None else matching(joined)
            if joined is not None and found and found != answer:
                tried.append((len(found), joined, found))
        if tried:
            # The least change, so that there is room for others.
            least = min if operator == "or_" else max
            _, body, answer = least(tried, key=lambda one: one[0])
    return body


def join(one: Filters, two: Filters, operator: str) -> Filters | None:
    """Two bodies of one criterion each as one body; None where they need the same key."""
    if operator == "":
        return {**one, **two}
    (name, left), (_, right) = *one.items(), *two.items()
    left = {key: value for key, value in left.items() if key != "operator"}
    merged = _merge(left, right)
    if merged is None:
        return None
    # Two criteria inside one (`state`) are joined by an operator of its own, and_ if none is said.
    for key in [key for key in left if key in right]:
        merged[key] = {"operator": operator, **merged[key]}
    return {name: {"operator": operator, **merged}}


def _merge(left: Filters, right: Filters) -> Filters | None:
    """Two objects as one; None where both have a leaf of the same name."""
    merged = dict(left)
    for key, value in right.items():
        if key not in merged:
            merged[key] = value
        elif isinstance(merged[key], dict) and isinstance(value, dict) and not _leafy(value):
            below = _merge(merged[key], value)
            if below is None:
                return None
            merged[key] = below
        else:
            return None
    return merged


def _leafy(value: Mapping[str, Any]) -> bool:
    return any(key.endswith("_") for key in value)


def some(criterion: Criterion, words: Vocabulary, rng: random.Random) -> Filters:
    """A body with one criterion that says something."""
    operator = rng.choice(list(criterion.operators))
    values = [v for _, v in words.classes(criterion, operator, rng) if v not in (None, [], "")]
    return criterion.body({operator: rng.choice(values) if values else None})


def filters(
    criteria: Sequence[Criterion], words: Vocabulary, rng: random.Random
) -> st.SearchStrategy[Filters]:
    """Random filter bodies: up to three filters with up to three criteria each.

    Args:
        criteria: those to draw from.
        words: values.
        rng: chooses which of the data's values there are to draw from.
    """
    per_filter = {
        name: _filter([c for c in criteria if c.filter == name], words, rng) for name in FILTERS
    }
    usable = [name for name in FILTERS if any(c.filter == name for c in criteria)]
    if not usable:
        return st.just({})
    return st.lists(st.sampled_from(usable), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: per_filter[name] for name in names})
    )


def _filter(
    criteria: Sequence[Criterion], words: Vocabulary, rng: random.Random
) -> st.SearchStrategy[Any]:
    if not criteria:
        return st.none()
    one = [_criterion(c, words, rng) for c in criteria]
    bodies = st.lists(st.one_of(one), max_size=3).map(_merge_all)
    operators = st.sampled_from([{}, {"operator": "and_"}, {"operator": "or_"}])
    full = st.tuples(operators, bodies).map(lambda pair: {**pair[0], **pair[1]})
    return st.one_of(full, full, full, full, full, st.none())


def _merge_all(bodies: list[Filters]) -> Filters:
    merged: Filters = {}
    for body in bodies:
        merged = _merge(merged, body) or merged
    return merged


def _criterion(
    criterion: Criterion, words: Vocabulary, rng: random.Random
) -> st.SearchStrategy[Filters]:
    choices = {
        operator: st.sampled_from([value for _, value in words.classes(criterion, operator, rng)])
        for operator in criterion.operators
    }
    some = st.fixed_dictionaries({}, optional=choices)
    if criterion.combines:
        own = st.sampled_from([{}, {}, {"operator": "or_"}, {"operator": "and_"}])
        some = st.tuples(own, some).map(lambda pair: {**pair[0], **pair[1]})
    values = st.one_of(some, some, some, some, some, some, some, st.none())
    return values.map(lambda value: criterion.body(value)[criterion.filter])


def windows(rows: int) -> st.SearchStrategy[Window]:
    """Random windows of at most so many rows."""
    return st.builds(
        Window,
        sort=st.sampled_from((*SORTS, None)),
        limit=st.integers(0, rows),
        start=st.sampled_from((0.0, 0.25, 0.5, 0.75, 1.0, 2.0)),
    )
