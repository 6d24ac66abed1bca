"""The bundled document as text that people read."""

from typing import Any

import yaml

from openapi import ROOT_FILE, load
from openapi.bundle import bundle, render

__all__ = ["bundled", "to_json", "to_yaml"]

_WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Writes blocks, long text folded, and never an anchor."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # every value is written out
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML's signature; lists are set off from their keys
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Strings, those of several lines or of one long line as blocks."""
    style = None
    if "\n" in value:
        style = "|"
    elif len(value) > _WIDTH and value == value.strip() and "  " not in value:
        style = ">"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def bundled() -> dict[str, Any]:
    """The one document, made of the split files as they are now.

    Where those were left out of an installation, the one that was made of them before.

    Raises:
        BundleError: The files do not make one document.
    """
    return bundle(ROOT_FILE) if ROOT_FILE.is_file() else load()


def to_json(document: dict[str, Any]) -> str:
    """JSON, the way `bundle.json` holds it."""
    return render(document)


def to_yaml(document: dict[str, Any]) -> str:
    """YAML in which keys keep their order and nothing is said by reference to an anchor."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text
