"""What in the body of a search is to blame, when the answer is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from contract_tests.rules.filters import NOW_AND_THEN
from contract_tests.spec.criteria import FILTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

Features = frozenset[str]

ABOUT_NO_FILTER: Final = frozenset({"pages.order", "pages.pages", "pages.echo", NOW_AND_THEN})
"""Breaches of these rules do not come from the filters in the body."""


def features(filters: Mapping[str, Any]) -> Features:
    """What a body contains, as names: filters, criteria, joins of criteria and of filters."""
    found: set[str] = set()
    present = [name for name in FILTERS if name in filters]
    for name in present:
        body = filters[name]
        if not isinstance(body, dict):
            found.add(f"{name}=null")
            continue
        found.add(name)
        inner = [key for key in body if key != "operator"]
        found |= {f"{name}.{key}" for key in inner}
        if len(inner) > 1:
            found.add(f"{name}:{body.get('operator', 'and_')}")
    real = [name for name in present if filters[name] is not None]
    found |= {f"{a}&{b}" for a in real for b in real if a < b}
    return frozenset(found)


def blamed(filters: Mapping[str, Any]) -> Features:
    """The features of a body that failed which most likely are the fault.

    Bodies are tried from simple to complex and those with a known fault are passed over, so with
    several criteria it is the way they are joined.
    """
    seen = features(filters)
    for mark in ("&", ":", ".", ""):
        told = {feature for feature in seen if mark in feature}
        if told:
            return frozenset(told)
    return frozenset()
