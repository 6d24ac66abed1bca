"""Laws that hold between answers, whatever the data is: no oracle is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.findings import Finding
from contract_tests.rules.blame import features
from contract_tests.spec.criteria import FILTERS
from contract_tests.spec.searches import COUNT, FILTER, PAGINATE, PATHS
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.target import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable

    from contract_tests.checks.judge import Judge
    from contract_tests.transport.exchange import Exchange

Filters = dict[str, Any]
OK: Final = 200


class Broken(Exception):  # noqa: N818 - it names the outcome
    """A law does not hold.

    Args:
        rule: its code.
        operation: the operationId.
        message: one line.
        expected: what the law asks for.
        got: what came instead.
    """

    def __init__(self, rule: str, operation: str, message: str, expected: Any, got: Any) -> None:
        super().__init__(message)
        self.rule = rule
        self.operation = operation
        self.message = message
        self.expected = str(expected)
        self.got = str(got)


class Useless(Exception):  # noqa: N818 - it names the outcome
    """An answer is no answer at all; the rules of shape and meaning tell of that."""


class Asker:
    """Sends the requests of one law, and remembers them.

    Args:
        judge: of the run; knows which faults are found already.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.sent: list[Exchange] = []

    def raw(self, operation: str, body: Any = UNSET, *, held: bool = True) -> Any:
        """The JSON that an operation answers.

        Args:
            operation: count, filter or paginate.
            body: as sent.
            held: keep to what the oracle keeps to; a law about absent bodies cannot.

        Raises:
            Useless: it is not 200 with JSON, or the operation is known to fail for such a body.
        """
        if isinstance(body, dict):
            filters = {name: body[name] for name in FILTERS if name in body}
            scoped = self._judge.oracle.scope(filters) if held else filters
            if scoped is None or self._judge.explained(operation, filters):
                raise Useless
            body = {**body, **scoped}
        exchange = self._judge.session.target.post(PATHS[operation], body)
        self.sent.append(exchange)
        try:
            if exchange.status == OK:
                return exchange.json()
        except NotJson:
            pass
        raise Useless

    def count(self, filters: Filters) -> int:
        """What count answers."""
        got = self.raw(COUNT, filters)
        if type(got) is not int:
            raise Useless
        return got

    def ids(self, operation: str, body: Filters) -> list[str]:
        """The ids that filter or paginate answers."""
        got = self.raw(operation, body)
        rows = got.get("results") if operation == PAGINATE and isinstance(got, dict) else got
        if not isinstance(rows, list) or not all(isinstance(r, dict) and "id" in r for r in rows):
            raise Useless
        return [row["id"] for row in rows]

    def names(self, body: Filters) -> list[str]:
        """The names that filter answers."""
        rows = self.raw(FILTER, body)
        if not isinstance(rows, list) or not all(isinstance(r, dict) and "name" in r for r in rows):
            raise Useless
        return [row["name"] for row in rows]


def hold(judge: Judge, law: Callable[[Asker], None]) -> None:
    """See whether a law holds; only what fails while the target's data stands still is a breach.

    Raises:
        Violation: it does not.
    """

    def attempt() -> Finding | None:
        asker = Asker(judge)
        try:
            law(asker)
        except Useless:
            return None
        except Broken as broken:
            return _finding(judge, broken, asker)
        return None

    if attempt() is not None:
        finding = judge.settle(attempt)
        if finding is not None:
            judge.session.judge(finding)


def _finding(judge: Judge, broken: Broken, asker: Asker) -> Finding:
    return Finding(
        rule=broken.rule,
        operation=broken.operation,
        message=broken.message,
        expected=broken.expected,
        got=broken.got,
        exchange=asker.sent[-1],
        spec_pointer=judge.session.operations[broken.operation].pointer,
        cause=broken.rule,
        others=tuple(asker.sent[:-1][-3:]),
    )


def null_is_absent(ask: Asker, filters: Filters) -> None:
    """Nulls for all that is not in the body change nothing."""
    nulls = {name: None for name in FILTERS if name not in filters}
    plain, nulled = ask.count(filters), ask.count({**filters, **nulls})
    if plain != nulled:
        _fail("null-is-absent", COUNT, "null filters are no absent filters", plain, nulled)
    page = ask.raw(PAGINATE, {**filters, "limit": 0})
    nulled_page = ask.raw(PAGINATE, {**filters, **nulls, "sort": None, "page": None, "limit": 0})
    if page != nulled_page:
        _fail("null-is-absent", PAGINATE, "null is not as absent", page, nulled_page)
    nothing: Filters = {"deployments": {"id": {"any_": []}}}
    page, nulled_page = ask.raw(PAGINATE, nothing), ask.raw(PAGINATE, {**nothing, "limit": None})
    if page != nulled_page:
        _fail("null-is-absent", PAGINATE, "a null limit is not the default", page, nulled_page)
    # By their names: among deployments of one name, which comes first is open.
    body = {**filters, "limit": 1}
    first = ask.names(body)
    second = ask.names({**body, **nulls, "sort": None, "offset": None})
    if first != second:
        _fail("null-is-absent", FILTER, "null is not as absent", first, second)


def no_body_is_empty(ask: Asker) -> None:
    """No body, null and {} are one."""
    bodies: tuple[Any, ...] = ({}, None, UNSET)
    answers = [ask.raw(COUNT, body, held=False) for body in bodies]
    if answers[1:] != answers[:-1]:
        _fail("no-body-is-empty", COUNT, "{}, null and no body differ", answers[0], answers[1:])


def extra_keys(ask: Asker, ids: list[str]) -> None:
    """What an operation does not take changes nothing, and null is as absent."""
    few: Filters = {"deployments": {"id": {"any_": ids}}}
    for operation, plain_body, other in (
        (COUNT, {}, {"limit": 1, "offset": 1, "Flows": {"id": {"any_": []}}}),
        (PAGINATE, {"limit": 3}, {"limit": 3, "offset": 1}),
        (FILTER, {"limit": 3}, {"limit": 3, "page": 2, "Limit": 1}),
        (FILTER, {}, {"limit": None, "offset": None, "sort": None}),
        (FILTER, {}, {"limit": 200}),
    ):
        first = ask.raw(operation, {**few, **plain_body})
        second = ask.raw(operation, {**few, **other})
        if _names(first) != _names(second):
            told = ", ".join(other)
            message = f"{told} beside what the operation takes changes the answer"
            _fail("extra-keys", operation, message, _names(first), _names(second))


def _names(answer: Any) -> Any:
    """The names of an answer's rows: among those of one name, which comes first is open."""
    found = answer.get("results") if isinstance(answer, dict) else answer
    if not isinstance(found, list):
        return answer
    return [row.get("name") if isinstance(row, dict) else row for row in found]


def list_order(ask: Asker, filters: Filters) -> None:
    """Values reversed and doubled change nothing."""
    plain, turned = ask.count(filters), ask.count(_turned(filters))
    if plain != turned:
        message = "order or repetition of values in a list matters"
        _fail("list-order", COUNT, message, plain, turned)


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _turned(item) for key, item in value.items()}
    return [*reversed(value), *value[:1]] if isinstance(value, list) else value


def default_operator(ask: Asker, filters: Filters) -> None:
    """and_ said and left unsaid are one."""
    said = {n: f and {**f, "operator": f.get("operator", "and_")} for n, f in filters.items()}
    plain, spelled = ask.count(filters), ask.count(said)
    if plain != spelled:
        _fail("default-operator", COUNT, "and_ is not the default operator", plain, spelled)


def spelling(ask: Asker, operation: str, body: Filters, others: list[Filters]) -> None:
    """A body in other spellings, as far as these are taken, gets the same answer."""
    right = ask.raw(operation, body)
    for other in others:
        try:
            got = ask.raw(operation, other)
        except Useless:
            continue
        if _names(right) != _names(got):
            message = "a value that is spelled otherwise is taken, for another one"
            _fail("spelling", operation, message, _names(right), _names(got))


def repeat(ask: Asker, filters: Filters) -> None:
    """The same request, the same answer."""
    # In an order without ties: where there are some, a server may break them anew.
    one: Filters = {**filters, "limit": 1, "sort": "CREATED_DESC"}
    for operation, body in ((COUNT, filters), (FILTER, one), (PAGINATE, one)):
        first, second = ask.raw(operation, body), ask.raw(operation, body)
        if first != second:
            _fail("repeat", operation, "the same request answers differently", first, second)


def same_number(ask: Asker, filters: Filters) -> None:
    """count, the page's count and the rows of filter agree."""
    counted = ask.count(filters)
    page = ask.raw(PAGINATE, {**filters, "limit": 0})
    told = page.get("count") if isinstance(page, dict) else None
    if told != counted:
        _fail("same-number", PAGINATE, "count and the count of a page differ", counted, told)
    beyond = ask.ids(FILTER, {**filters, "offset": counted, "limit": 1})
    if beyond:
        message = "filter goes on where count says it ends"
        _fail("same-number", FILTER, message, f"{counted} rows", "more")
    if counted and not ask.ids(FILTER, {**filters, "offset": counted - 1, "limit": 1}):
        message = "filter ends before count says so"
        _fail("same-number", FILTER, message, f"{counted} rows", "fewer")


def narrowing(ask: Asker, one: Filters, two: Filters, both: Filters) -> None:
    """Both together are at most each alone."""
    alone, other, joined = ask.count(one), ask.count(two), ask.count(both)
    if joined > min(alone, other):
        message = "two criteria together match more than one alone"
        _fail("narrowing", COUNT, message, f"at most {min(alone, other)}", joined)


def widening(ask: Asker, one: Filters, two: Filters, either: Filters) -> None:
    """Either of two is at least each alone."""
    alone, other, joined = ask.count(one), ask.count(two), ask.count(either)
    if joined < max(alone, other):
        message = "either of two criteria matches fewer than one alone"
        _fail("widening", COUNT, message, f"at least {max(alone, other)}", joined)


def either_and_both(ask: Asker, one: Filters, two: Filters, both: Filters, either: Filters) -> None:
    """|A or B| + |A and B| = |A| + |B|."""
    counts = [ask.count(body) for body in (one, two, both, either)]
    alone, other, joined, united = counts
    if united + joined != alone + other:
        message = "or_ and and_ of two criteria do not add up"
        right = f"{alone} + {other} - {joined} = {alone + other - joined}"
        _fail("either-and-both", COUNT, message, right, united)


def parts(ask: Asker, whole: Filters, yes: Filters, no: Filters, both: Filters | None) -> None:
    """A criterion and its opposite part the whole; nothing meets both."""
    if both is not None and (found := ask.count(both)):
        message = "deployments meet a criterion and its opposite"
        _fail("disjoint", COUNT, message, 0, found)
    counts = [ask.count(body) for body in (whole, yes, no)]
    if counts[0] != counts[1] + counts[2]:
        message = "a criterion and its opposite do not part the whole"
        _fail("complete", COUNT, message, counts[0], f"{counts[1]} + {counts[2]}")


def pages_join(ask: Asker, operation: str, filters: Filters, sort: str, limit: int) -> None:
    """All pages, one after the other, hold each deployment once."""
    whole = ask.ids(operation, {**filters, "sort": sort, "limit": 200})
    if len(whole) == 200:  # noqa: PLR2004 - there may be more than one answer can hold
        raise Useless
    joined: list[str] = []
    for number in range(len(whole) // limit + 1):
        place = {"page": number + 1} if operation == PAGINATE else {"offset": number * limit}
        joined += ask.ids(operation, {**filters, **place, "sort": sort, "limit": limit})
    if sorted(joined) != sorted(whole):
        message = "the pages joined are not the whole"
        twice = len(joined) - len(set(joined))
        missing = len(set(whole) - set(joined))
        told = f"{len(joined)}: {twice} twice, {missing} missing"
        _fail("pages-join", operation, message, f"{len(whole)} deployments once each", told)


def sort_permutes(ask: Asker, operation: str, filters: Filters) -> None:
    """Every sort answers the same set; downwards is upwards turned."""
    found = {}
    for sort in ("NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC"):
        got = ask.raw(operation, {**filters, "sort": sort, "limit": 200})
        rows = got.get("results") if operation == PAGINATE and isinstance(got, dict) else got
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Useless
        found[sort] = rows
    upwards = [row.get("id") for row in found["NAME_ASC"]]
    for sort, rows in found.items():
        if sorted(map(str, upwards)) != sorted(str(row.get("id")) for row in rows):
            message = f"{sort} answers other deployments than NAME_ASC"
            _fail("sort-permutes", operation, message, f"{len(upwards)}", f"{len(rows)}")
    names = [row.get("name") for row in found["NAME_ASC"]]
    turned = [row.get("name") for row in reversed(found["NAME_DESC"])]
    if names != turned:
        _fail("sort-permutes", operation, "NAME_DESC is not NAME_ASC backwards", names, turned)


def offset_drops(ask: Asker, filters: Filters, sort: str, offset: int) -> None:
    """What comes after an offset is what came from that place on without it."""
    body = {**filters, "sort": sort}
    whole = ask.ids(FILTER, {**body, "limit": offset + 2})
    rest = ask.ids(FILTER, {**body, "limit": 2, "offset": offset})
    if whole[offset:] != rest:
        message = "an offset does not take that many from the front"
        _fail("offset-drops", FILTER, message, whole[offset:], rest)


def _fail(law: str, operation: str, message: str, expected: Any, got: Any) -> None:
    raise Broken(f"laws.{law}", operation, message, expected, got)


def plain(filters: Filters) -> bool:
    """Whether the laws of joining hold for the body: no nulls, nothing that is ignored."""
    return not any(_has_null(body) for body in filters.values()) and not any(
        name.endswith(".concurrency_limit") for name in features(filters)
    )


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    return value is None
