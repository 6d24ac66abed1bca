"""What an expected value says about a real one: exactly, in part, or by its form."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
_NAME: Final = re.compile(r"[a-z]+-[a-z]+")
_TOKEN: Final = re.compile(r"<([A-Za-z][A-Za-z_0-9:]*)>")


def _is_time(value: Any) -> bool:
    if not (isinstance(value, str) and _TIME.fullmatch(value)):
        return False
    datetime.fromisoformat(value)
    return True


# What stands in an expectation for any value of that form.
FORMS: Final[dict[str, Callable[[Any], bool]]] = {
    "<any>": lambda _: True,
    "<uuid>": lambda value: isinstance(value, str) and _UUID.fullmatch(value) is not None,
    "<time>": _is_time,
    "<random name>": lambda value: isinstance(value, str) and _NAME.fullmatch(value) is not None,
    "<object>": lambda value: isinstance(value, dict),
    "<text>": lambda value: isinstance(value, str),
    "<number>": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """The value with `<name>` replaced by what is known under that name.

    A string that is nothing but a token becomes the known value, of whatever type.
    """
    if isinstance(value, dict):
        return {filled(key, known): filled(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, known) for item in value]
    if not isinstance(value, str):
        return value
    whole = _TOKEN.fullmatch(value)
    if whole and whole[1] in known:
        return known[whole[1]]
    return _TOKEN.sub(lambda match: str(known.get(match[1], match[0])), value)


def differences(expected: Any, value: Any, *, part: bool, where: str = "") -> Iterator[str]:
    """Where a value is not as expected, a line each.

    Args:
        expected: JSON; its strings may be a key of `FORMS`, or a pattern between slashes.
        value: the JSON of the answer.
        part: objects may have more keys than are expected.
        where: the place, for the lines.
    """
    if isinstance(expected, dict) and isinstance(value, dict):
        if not part and expected.keys() != value.keys():
            yield f"{where}: keys {sorted(value)} instead of {sorted(expected)}"
        for key in expected:
            if key in value:
                place = f"{where}.{key}"
                yield from differences(expected[key], value[key], part=part, where=place)
            elif part:
                yield f"{where}: no {key!r}"
    elif isinstance(expected, list) and isinstance(value, list):
        if len(expected) != len(value):
            yield f"{where}: {len(value)} items instead of {len(expected)}: {value}"
            return
        for index, (one, other) in enumerate(zip(expected, value, strict=True)):
            yield from differences(one, other, part=part, where=f"{where}[{index}]")
    elif not _is_as(expected, value):
        yield f"{where}: {value!r} instead of {expected!r}"


def _is_as(expected: Any, value: Any) -> bool:
    if isinstance(expected, str):
        if expected in FORMS:
            return FORMS[expected](value)
        if len(expected) > 2 and expected[0] == expected[-1] == "/":
            return isinstance(value, str) and re.fullmatch(expected[1:-1], value) is not None
    return type(expected) is type(value) and bool(expected == value)


def at(value: Any, pointer: str) -> Any:
    """What stands at `a.0.b` of a value; the value itself at the empty pointer."""
    for key in filter(None, pointer.split(".")):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value
