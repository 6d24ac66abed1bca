"""Where a JSON pointer leads in a YAML or JSON file: line and column."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from openapi.structure import tokens
from openapi.yaml_loader import read_text

__all__ = ["Position", "Positions"]

# The parser in C is eight times as fast, where PyYAML was built with it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_START = (1, 1)
_MERGE = "<<"


class Position(NamedTuple):
    """A place in a text, counted from 1."""

    line: int
    column: int


def _position(node: yaml.Node) -> Position:
    mark = node.start_mark
    return Position(mark.line + 1, mark.column + 1)


def _entries(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """The keys and values of a mapping, its own before merged ones."""
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if key.value == _MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            yield key, value
    for other in merged:
        if isinstance(other, yaml.MappingNode):
            yield from _entries(other)


def _step(node: yaml.Node, token: str) -> tuple[yaml.Node, yaml.Node] | None:
    """What one part of a pointer leads to: the node that shows the place, and the value."""
    if isinstance(node, yaml.MappingNode):
        for key, value in _entries(node):
            if key.value == token:
                return (value if isinstance(value, yaml.ScalarNode) else key), value
    elif isinstance(node, yaml.SequenceNode) and token.isdigit() and int(token) < len(node.value):
        item = node.value[int(token)]
        return item, item
    return None


class Positions:
    """Lines and columns in files; each file is parsed when it is first asked about."""

    def __init__(self) -> None:
        self._roots: dict[Path, yaml.Node | None] = {}

    def _root(self, file: Path) -> yaml.Node | None:
        if file not in self._roots:
            try:
                text = read_text(file)
                self._roots[file] = yaml.compose(text, Loader=_Loader)
            except (OSError, UnicodeDecodeError, yaml.YAMLError):
                self._roots[file] = None
        return self._roots[file]

    def find(self, file: Path, pointer: str) -> Position:
        """Where a pointer leads.

        Args:
            file: The file. One that cannot be parsed has but its start.
            pointer: The JSON pointer in it. As much of it is followed as exists.

        Returns:
            The place of the value when that is a scalar or an item of a list, else of its key.
        """
        node = self._root(file)
        place = Position(*_START)
        for token in tokens(pointer):
            step = _step(node, token) if node is not None else None
            if step is None:
                break
            shown, node = step
            place = _position(shown)
        return place

    def find_key(self, file: Path, pointer: str, key: str) -> Position:
        """Where a key stands in the object that a pointer leads to, or that object's place."""
        node = self._root(file)
        for token in tokens(pointer):
            step = _step(node, token) if node is not None else None
            if step is None:
                return self.find(file, pointer)
            node = step[1]
        if isinstance(node, yaml.MappingNode):
            for key_node, _ in _entries(node):
                if key_node.value == key:
                    return _position(key_node)
        return self.find(file, pointer)

    def duplicate_keys(self, file: Path) -> Iterator[tuple[Position, str]]:
        """All keys of a file that stood in the same object before: place and key."""
        waiting = [self._root(file)]
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                waiting += node.value
            elif isinstance(node, yaml.MappingNode):
                keys: set[str] = set()
                for key, value in node.value:
                    if isinstance(key, yaml.ScalarNode):
                        if key.value in keys:
                            yield _position(key), key.value
                        keys.add(key.value)
                    waiting.append(value)
