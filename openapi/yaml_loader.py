"""YAML as JSON would have it: strings stay strings, keys are strings and stand once.

YAML 1.1 reads an unquoted time as a `datetime`, `no` as false and `200:` as a number; a document
that is to become JSON wants none of that. What is recognised besides strings are the numbers,
`true`, `false` and `null` of JSON.
"""

import contextlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

__all__ = ["YamlError", "json_scalars", "load_yaml", "parse_yaml", "read_text"]


class YamlError(ValueError):
    """A file that is no YAML, or in which a key stands twice.

    Attributes:
        problem: What is wrong, in a sentence.
        line: Where, counted from 1; None when the parser does not tell.
        column: Where in the line, counted from 1.
    """

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(problem if line is None else f"line {line}, column {column}: {problem}")
        self.problem = problem
        self.line = line
        self.column = column


MOST_VALUES = 10_000_000
"""So many values a document may have once its aliases are followed."""

MOST_LEVELS = 1000
MANY = 5000
_INLINE = re.compile(r"(?:[-?:][ \t]+){200}")

# The parser in C is eight times as fast and reads the same, where PyYAML was built with it.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _JsonLoader(_Base):  # type: ignore[misc]  # the base is chosen at run time
    """A safe loader with the scalars of JSON and strict mappings."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # PyYAML's own way to say it


def _construct_map(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    """An object, with its keys as they are written; they outrank those that are merged in."""
    if not isinstance(node, yaml.MappingNode):
        raise _misplaced(node, "this is no object")
    own: set[str] = set()
    for key_node, _ in node.value:
        mark = key_node.start_mark
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlError("a key is a list or an object", mark.line + 1, mark.column + 1)
        if key_node.value in own:
            problem = f"the key {key_node.value!r} stands twice"
            raise YamlError(problem, mark.line + 1, mark.column + 1)
        own.add(key_node.value)
    loader.flatten_mapping(node)  # puts what is merged in front
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


def _misplaced(node: yaml.Node, problem: str) -> YamlError:
    mark = node.start_mark
    return YamlError(problem, mark.line + 1, mark.column + 1)


_SCALARS = (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
    ("merge", r"^<<$", "<"),
)


def json_scalars() -> list[tuple[str, re.Pattern[str], list[str]]]:
    """What an unquoted scalar is read as: tag, pattern and first characters, as PyYAML wants them.

    A dumper that knows them quotes every text that would be read as something else.
    """
    return [
        (f"tag:yaml.org,2002:{name}", re.compile(pattern), list(first))
        for name, pattern, first in _SCALARS
    ]


def _finite(text: str) -> float:
    """A number of JSON that is no integer.

    Raises:
        ValueError: No float is so large.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number


_READ: dict[str, Callable[[str], Any]] = {
    "bool": lambda text: text == "true",
    "null": lambda _: None,
    "int": int,  # fails with more digits than Python converts
    "float": _finite,
}


def _construct_scalar(pattern: re.Pattern[str], read: Callable[[str], Any]) -> Any:
    """What makes a value of a scalar; one that has its tag by hand may be none of its kind."""

    def construct(loader: Any, node: yaml.ScalarNode) -> Any:
        text = loader.construct_scalar(node)
        try:
            if pattern.match(text):
                return read(text)
        except ValueError:
            raise _misplaced(node, f"{text[:20]}... is too large a number") from None
        raise _misplaced(node, f"{text!r} is no {node.tag.rpartition(':')[2]} of JSON")

    return construct


# No others: what YAML has besides (dates, sets, bytes, ...) is nothing that JSON could have given.
_JsonLoader.yaml_constructors = {
    tag: make
    for tag, make in _Base.yaml_constructors.items()
    if tag in {None, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq"}
}
_JsonLoader.add_constructor("tag:yaml.org,2002:map", _construct_map)
for _tag, _pattern, _first in json_scalars():
    _JsonLoader.add_implicit_resolver(_tag, _pattern, _first)
    _kind = _tag.rpartition(":")[2]
    if _kind in _READ:
        _JsonLoader.add_constructor(_tag, _construct_scalar(_pattern, _READ[_kind]))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which no key stands twice.

    Raises:
        ValueError: One does.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _expanded(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, those behind aliases counted each time.

    A node within itself counts for nothing here: it is refused when it is made.
    """
    size = known.get(id(node))
    if size is None:
        known[id(node)] = 0
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        size = known[id(node)] = 1 + sum(_expanded(part, known) for part in parts)
    return size


def _may_be_deep(text: str) -> bool:
    """Whether a text could be nested so deeply that the parser in C runs out of its stack.

    Nesting by indentation alone would need megabytes.
    """
    return text.count("[") + text.count("{") > MANY or _INLINE.search(text) is not None


def _is_deep(text: str) -> bool:
    depth = 0
    for event in yaml.parse(text, Loader=_JsonLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_LEVELS:
                return True
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return False


def _load(text: str) -> Any:
    if _may_be_deep(text) and _is_deep(text):
        raise YamlError("it is nested too deeply")
    loader = _JsonLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if "&" in text and _expanded(node, {}) > MOST_VALUES:
            raise YamlError(f"its aliases stand for more than {MOST_VALUES} values")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def parse_yaml(text: str) -> Any:
    """Parse one YAML document into what `json.loads` could have given.

    Args:
        text: The document.

    Returns:
        Objects, lists, strings, numbers, booleans and None.

    Raises:
        YamlError: The text is no YAML, a key stands twice in one object, it is nested too deeply,
            or its aliases stand for more than anybody has written.
    """
    if text.lstrip().startswith(("{", "[")):
        # Ten times as fast; what is wrong is told better below.
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(
                text, object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite
            )
    try:
        return _load(text)
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise YamlError(error.problem or "this is no YAML", line, column) from error
    except yaml.YAMLError as error:
        raise YamlError(str(error)) from error


_SURROGATES = re.compile(
    r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


def read_text(path: Path) -> str:
    """The text of a file, without the pairs of escapes by which JSON may write one character.

    YAML reads all of JSON but these.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is no UTF-8.
    """
    text = path.read_text(encoding="utf-8-sig")
    if not text.lstrip().startswith(("{", "[")):
        return text
    return _SURROGATES.sub(lambda pair: pair[1] + json.loads(f'"{pair[2]}"'), text)


def load_yaml(path: Path) -> Any:
    """Read a YAML file as `parse_yaml` does.

    Raises:
        YamlError: The file is no YAML.
        OSError: It cannot be read.
    """
    return parse_yaml(read_text(path))
