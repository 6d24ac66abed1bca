"""Values in another spelling: a server may refuse them, or take them for what they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from contract_tests.spec.searches import FILTER, PAGINATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from contract_tests.data.vocabulary import Vocabulary
    from contract_tests.spec.criteria import Criterion

_WORDS: Final[Mapping[bool, tuple[Any, ...]]] = {
    True: ("true", "YES", 1, "1"),
    False: ("false", "No", 0, "0"),
}
# Of filter and paginate: what is asked for, and the same in other spellings.
WINDOWS: Final[tuple[tuple[str, dict[str, Any], tuple[dict[str, Any], ...]], ...]] = (
    (FILTER, {"limit": 2}, ({"limit": "2"}, {"limit": 2.0})),
    (FILTER, {"limit": 1, "offset": 1}, ({"limit": True, "offset": "1"},)),
    (PAGINATE, {"limit": 1, "page": 2}, ({"limit": "1", "page": "2"}, {"limit": 1, "page": 2.0})),
)


def spellings(
    criteria: Sequence[Criterion], words: Vocabulary, draw: Callable[[list[Any]], Any], every: int
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """A filter body for operators that have other spellings, and the same body in these.

    Args:
        criteria: of which.
        words: what the data has for them.
        draw: chooses one of several.
        every: each n-th of the operators on what is no deployment, at random.
    """
    for criterion in criteria:
        for operator, kind in criterion.operators.items():
            if criterion.filter != "deployments" and draw(list(range(every))):
                continue
            for value, others in _of(kind, words.existing(criterion, operator), draw):
                bodies = [criterion.body({operator: other}) for other in others]
                yield criterion.body({operator: value}), bodies


def _of(
    kind: str, existing: list[Any], draw: Callable[[list[Any]], Any]
) -> Iterator[tuple[Any, list[Any]]]:
    if kind == "boolean":
        for value, texts in _WORDS.items():
            yield value, [texts[0], draw(list(texts[1:]))]
    elif kind == "ids" and existing:
        one = str(draw(existing))
        yield [one], [[one.replace("-", "").upper()]]
    elif kind == "time" and existing:
        # The very time of a record: an hour more or less is seen by one of both bounds.
        exact = datetime.fromisoformat(draw(existing)).astimezone(UTC)
        plain = exact.replace(tzinfo=None)
        yield exact.isoformat(), [plain.isoformat(), plain.isoformat(" ")]
