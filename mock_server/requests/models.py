"""Pydantic models made of the spec's schemas, one per component that has properties.

A component becomes a model of the same name, a property a field, a keyword a constraint, so that
errors name what the released server names. What a schema cannot say is in `rules`.
"""

from __future__ import annotations

import operator
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StrictFloat,
    StrictInt,
    create_model,
)

from mock_server.requests.formats import AS_IS, FORMATS
from mock_server.requests.own_errors import OWN_BOUNDS
from mock_server.requests.rules import COMPONENT_TYPES, FIELD_TYPES, TRIGGERS, VALIDATORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Schema = Mapping[str, Any]

REFERENCE: Final = "#/components/schemas/"

PLAIN: Final[Mapping[str, Any]] = {
    "string": str,
    "integer": int,
    "number": FiniteFloat,
    "boolean": bool,
}

# Among the members of a union with a boolean nothing is coerced, or that would swallow the others.
STRICT: Final[Mapping[str, Any]] = {
    "integer": StrictInt,
    "number": StrictFloat,
    "boolean": StrictBool,
}

# Keyword of the schema -> keyword of pydantic's Field.
BOUNDS: Final[Mapping[str, str]] = {
    "minimum": "ge",
    "maximum": "le",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "pattern": "pattern",
}
EXCLUSIVE: Final[Mapping[str, tuple[str, str]]] = {
    "minimum": ("exclusiveMinimum", "gt"),
    "maximum": ("exclusiveMaximum", "lt"),
}


# What a field is that was not sent and has no default of its own.
EMPTY: Final[Mapping[str, Any]] = {"array": [], "object": {}}


class Models:
    """The types of a document's schemas, each made when it is first asked for.

    Args:
        document: a bundled OpenAPI 3.0 document.
        own: whether bounds are checked that are our own (`own_errors`).
    """

    def __init__(self, document: Mapping[str, Any], *, own: bool = True) -> None:
        self._document = document
        self._schemas: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})
        self._made: dict[str, Any] = {}
        self.own = own

    @cached_property
    def lax(self) -> Models:
        """The same types without the bounds that are our own."""
        return Models(self._document, own=False)

    def resolve(self, schema: Schema) -> Schema:
        """The schema itself, or the component that it refers to."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].removeprefix(REFERENCE)]
        return schema

    def type_of(self, schema: Schema, *, name: str = "", bounds: bool = True) -> Any:
        """The annotation that a schema stands for.

        Args:
            schema: a schema object of OpenAPI 3.0.
            name: what to call an enum that the schema makes.
            bounds: whether numbers and lengths are checked.
        """
        made = self._type_of(schema, name=name, bounds=bounds)
        return made | None if schema.get("nullable") else made

    def _type_of(  # noqa: PLR0911 - one line per form of schema
        self, schema: Schema, *, name: str, bounds: bool
    ) -> Any:
        if "$ref" in schema:
            return self.component(schema["$ref"].removeprefix(REFERENCE))
        if "allOf" in schema:
            (only,) = schema["allOf"]
            return self.type_of(only, name=name, bounds=bounds)
        if "anyOf" in schema and "type" not in schema:
            return self._union(schema["anyOf"], name)
        if "enum" in schema:
            return _enum(name, schema["enum"])
        kind = schema.get("type")
        if kind == "array":
            return self._array(schema, name, bounds=bounds)
        if kind == "object":
            return self._object(schema, name)
        if kind is None:
            return Any
        return self._scalar(schema, bounds=bounds)

    def _array(self, schema: Schema, name: str, *, bounds: bool) -> Any:
        items: Any = self.type_of(schema.get("items", {}), name=name)
        return self._bounded(list[items], schema) if bounds else list[items]

    def _scalar(self, schema: Schema, *, bounds: bool) -> Any:
        kind, form = schema["type"], schema.get("format")
        made = FORMATS.get(form) if form else None
        if made is None:
            made = PLAIN[kind] if self.own or kind != "number" else float
        return self._bounded(made, schema) if bounds else made

    def _bounded(self, made: Any, schema: Schema) -> Any:
        limits: dict[str, Any] = {}
        for keyword, name in BOUNDS.items():
            if keyword not in schema:
                continue
            if self.own or schema[keyword] not in OWN_BOUNDS.get(keyword, ()):
                flag, exclusive = EXCLUSIVE.get(keyword, ("", ""))
                limits[exclusive if schema.get(flag) else name] = schema[keyword]
        return Annotated[made, Field(**limits)] if limits else made

    def _union(self, members: list[Schema], name: str) -> Any:
        """One of several, and null if that is one of them."""
        some = [member for member in members if not self._is_null(member)]
        kinds = {member.get("type") for member in some}
        strict = STRICT if "boolean" in kinds else {}
        made = [
            strict.get(member.get("type", "")) or self.type_of(member, name=name) for member in some
        ]
        if len(some) < len(members):
            made.append(None)
        return Union[tuple(made)]  # noqa: UP007 - made of data

    def _is_null(self, schema: Schema) -> bool:
        return self.resolve(schema).get("enum") == [None]

    def _object(self, schema: Schema, name: str) -> Any:
        values = schema.get("additionalProperties", True)
        if "properties" in schema and isinstance(values, bool):
            return self._model(name, schema)
        if isinstance(values, bool):
            return dict[str, Any]
        return dict[str, self.type_of(values, name=name)]  # type: ignore[misc] # made of data

    def component(self, name: str) -> Any:
        """The type of a component schema, by its name."""
        if name in TRIGGERS and name not in self._made:
            self._make_together(TRIGGERS)
        if name not in self._made:
            made = self.type_of(self._schemas[name], name=name)
            change = COMPONENT_TYPES.get(name)
            self._made[name] = made if change is None else change(made)
        return self._made[name]

    def _make_together(self, names: Sequence[str]) -> None:
        """Make models that refer to one another."""
        for name in names:
            self._made[name] = self.type_of(self._schemas[name], name=name)
        made = {name: self._made[name] for name in names}
        for model in made.values():
            model.model_rebuild(_types_namespace=made)

    def _model(self, name: str, schema: Schema) -> type[BaseModel]:
        required = set(schema.get("required", ()))
        fields: dict[str, Any] = {}
        for key, prop in schema["properties"].items():
            kind = self.field_type(name, key, prop)
            fields[key] = (kind, ... if key in required else self._default(prop, kind))
        config = ConfigDict(extra=_extra(schema), protected_namespaces=())
        made: type[BaseModel] = create_model(
            name, __config__=config, __validators__=dict(VALIDATORS.get(name, {})), **fields
        )
        return made

    def _default(self, schema: Schema, kind: Any) -> Any:
        """What pydantic takes for a field that was not sent: an empty model for a model."""
        default = self.default(schema)
        if not isinstance(default, list | dict):
            return default
        if default:  # it may stand for a model, or for one or null
            return Field(default_factory=default.copy, validate_default=True)
        is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
        return Field(default_factory=kind if is_model else default.copy)

    def default(self, schema: Schema) -> Any:
        """What a property is that was not sent: its default, or its component's, or nothing.

        Nothing is null where that is allowed, and an empty list or object where it is not.
        """
        if "default" in schema:
            return schema["default"]
        resolved = self.resolve(schema)
        if "default" in resolved:
            return resolved["default"]
        return None if resolved.get("nullable") else EMPTY.get(resolved.get("type", ""))

    def field_type(self, owner: str, key: str, schema: Schema, *, bounds: bool = True) -> Any:
        """The annotation of one property of a schema."""
        special = FIELD_TYPES.get((owner, key))
        made = self.type_of(schema, name=f"{owner}.{key}", bounds=bounds)
        return made if special is None else special(made)


def _extra(schema: Schema) -> Any:
    allowed = schema.get("additionalProperties")
    return {None: "ignore", False: "forbid"}.get(allowed, "allow")


def _enum(name: str, values: list[str]) -> Any:
    """A string of a few, checked as the server's enums are; of one, as its literals are."""
    if len(values) == 1:
        return Literal[values[0]]
    members = {value: value for value in values if value is not None}
    made = Enum(name, members, type=str)  # type: ignore[misc] # made of data
    return Annotated[made, AfterValidator(operator.attrgetter("value")), AS_IS]
