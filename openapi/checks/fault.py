"""What a check says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from openapi.subject import Subject

__all__ = ["Check", "Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, by its place in the one document.

    Attributes:
        code: A key of `rules.RULES`.
        pointer: The place in the document.
        problem: What is wrong, in a sentence with its full stop.
        remedy: What to do, where the check knows better than the rule.
        key: The key that is at fault in the object at `pointer`, where it is one.
    """

    code: str
    pointer: str
    problem: str
    remedy: str | None = None
    key: str | None = None


Check = Callable[[Subject], Iterable[Fault]]
"""Looks at a document and tells its faults.

It may rely on nothing but that the document is an object. Whatever else is wrong with it is for
the checks to tell; none may fail over it.
"""
