"""Parameters that stand for values: `{"__prefect_kind": ...}` becomes what it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mock_server.parameters.templates import TemplateError, check_template, render

KIND: Final = "__prefect_kind"


class HydrationError(Exception):
    """A value that cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Stands where a value will be that is not known yet.

    Attributes:
        name: how messages that show it call it.
        error: why it never will be, or None.
    """

    name: str
    error: str | None = None

    def __repr__(self) -> str:
        return f"{self.name}()"


class _Removed:
    """Stands where nothing stays: the value disappears from the object or list around it."""


REMOVED: Final = _Removed()


@dataclass(frozen=True, slots=True)
class Hydration:
    """How to make values.

    Attributes:
        variables: the workspace's variables by name; None leaves them as placeholders.
        render_templates: whether templates are rendered, or only read.
        strict: whether a value that cannot be made is an error, or an erroneous placeholder.
    """

    variables: Mapping[str, Any] | None
    render_templates: bool = True
    strict: bool = True

    def hydrate(self, values: Mapping[str, Any]) -> Any:
        """The values with everything in them made.

        Raises:
            HydrationError: one of them cannot be, and this is strict.
        """
        made = self._make(values)
        return {} if made is REMOVED else made

    def _make(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if KIND in value:
                kind = value[KIND]
                if isinstance(kind, (Mapping, list)):
                    # What the released server says where it does not fail over it.
                    return self._fail("InvalidKind", f"unhashable type: '{type(kind).__name__}'")
                maker = _MAKERS.get(kind) if isinstance(kind, str) else None
                return maker(self, value) if maker else value.get("value")
            pairs = ((key, self._make(item)) for key, item in value.items())
            return {key: item for key, item in pairs if item is not REMOVED}
        if isinstance(value, list):
            return [item for item in map(self._make, value) if item is not REMOVED]
        return value

    def _fail(self, name: str, message: str) -> Placeholder:
        if self.strict:
            raise HydrationError(message)
        return Placeholder(name, message)

    def _operand(self, value: Any) -> Any:
        """What a value is made of, which may have to be made itself."""
        return self._make(value) if isinstance(value, Mapping) else value

    def _none(self, value: Mapping[str, Any]) -> Any:
        return (
            self._make(value["value"])
            if "value" in value
            else self._missing("ValueNotFound", "value")
        )

    def _json(self, value: Mapping[str, Any]) -> Any:
        if "value" not in value:
            return REMOVED
        text = self._operand(value["value"])
        if not isinstance(text, str):
            return text
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            return self._fail("InvalidJSON", f"Invalid JSON: {error}")

    def _jinja(self, value: Mapping[str, Any]) -> Any:
        if "template" not in value:
            return self._missing("TemplateNotFound", "template")
        template = self._operand(value["template"])
        if isinstance(template, (Placeholder, _Removed)):
            return template
        try:
            check_template(template)
            return self._rendered(template) if self.render_templates else Placeholder("ValidJinja")
        except TemplateError as error:
            return self._fail("InvalidJinja", f"Invalid jinja: {error}")

    def _rendered(self, template: Any) -> Any:
        if isinstance(template, str):
            return render(template)
        if isinstance(template, (list, dict)):
            # It is looked through for braces, and has none.
            return template
        raise TemplateError("a template is a text")

    def _workspace_variable(self, value: Mapping[str, Any]) -> Any:
        if "variable_name" not in value:
            return REMOVED
        name = self._operand(value["variable_name"])
        if isinstance(name, (Placeholder, _Removed)):
            return name
        if self.variables is None:
            return Placeholder("WorkspaceVariable")
        if isinstance(name, str) and name in self.variables:
            return self.variables[name]
        return self._fail("WorkspaceVariableNotFound", f"Variable '{name}' not found in workspace.")

    def _missing(self, name: str, key: str) -> Placeholder:
        return self._fail(name, f"Missing '{key}' key in __prefect object")


_MAKERS: Final[Mapping[str, Callable[[Hydration, Mapping[str, Any]], Any]]] = {
    "none": Hydration._none,  # noqa: SLF001 - the table belongs to the class
    "json": Hydration._json,  # noqa: SLF001
    "jinja": Hydration._jinja,  # noqa: SLF001
    "workspace_variable": Hydration._workspace_variable,  # noqa: SLF001
}


def hydrate(values: Mapping[str, Any], *, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with everything in them made.

    Args:
        values: as sent; an object with the key `__prefect_kind` stands for a value. `json` is
            parsed, `jinja` rendered, `workspace_variable` looked up, `none` and any unknown kind
            is what they have under `value`.
        variables: the workspace's variables by name.

    Raises:
        HydrationError: one of them cannot be made; in the released server's words.
    """
    made = Hydration(variables).hydrate(values)
    if not isinstance(made, dict):
        raise HydrationError("parameters are an object")
    return made
