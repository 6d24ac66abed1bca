"""What a recording does not give away: secrets, and the text that people and programs passed in.

Masked are texts in parameters, run contexts and the values of variables (not those that the
deployment's own schema names: its choices and defaults), everything in `env`, everything under a
name such as `password` or `api_key`, and anywhere: credentials in URLs and what has the form of a
well-known token. Numbers, times, names, tags and labels stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Record = dict[str, Any]

MASK: Final = "masked"

SECRET_NAME: Final = re.compile(
    r"pass(word|wd|phrase)?($|_)|pwd|secret|token|credential|(api|access|private|signing|account)"
    r"[-_]?keys?($|_)|(^|_)key$|authori[sz]ation|(^|_)auth($|_)|cookie|connection[-_]?(string|url)"
    r"|(^|_)dsn($|_)|webhook",
    re.IGNORECASE,
)
"""Names under which secrets stand."""

USERINFO: Final = re.compile(r"(?<=://)[^/\s@'\"]+@")
TOKEN: Final = re.compile(
    r"gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{16,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|pn[ub]_\w{20,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*"
    r"|(?<=Bearer )[\w.~+/=-]{8,}|(?<=Basic )[\w+/=]{8,}"
)
"""Tokens that are known by their form: of code hosts, clouds, chats, Prefect, JWT, keys."""

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "deployments": ("parameters",),
    "deployment_schedules": ("parameters",),
    "flow_runs": ("parameters", "context"),
    "variables": ("value",),
}
"""Kind -> the fields of which every text is masked."""

KIND: Final = "__prefect_kind"
"""Marks a parameter that is made when it is used; what it says of that is no text of anybody's."""


def masked(records: Mapping[str, list[Record]]) -> dict[str, list[Record]]:
    """Records without what should not be given away; those given are not changed.

    Args:
        records: kind -> records of the store's form.
    """
    schemas = {
        deployment["id"]: frozenset(_texts_of(deployment.get("parameter_openapi_schema")))
        for deployment in records.get("deployments", ())
    }
    return {
        kind: [_record(kind, each, _known(kind, each, schemas)) for each in entries]
        for kind, entries in records.items()
    }


def _known(kind: str, record: Record, schemas: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The texts that the schema of a record's parameters names."""
    deployment = record["id"] if kind == "deployments" else record.get("deployment_id")
    return schemas.get(str(deployment), frozenset())


def _record(kind: str, record: Record, known: frozenset[str]) -> Record:
    texts = TEXTS.get(kind, ())
    return {
        name: _without_texts(value, known) if name in texts else scrubbed(value)
        for name, value in record.items()
    }


def scrubbed(value: Any) -> Any:
    """A value without what looks like a secret: by its name, its form, or its place in an `env`."""
    if isinstance(value, dict):
        return {name: _below(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    if isinstance(value, str):
        return TOKEN.sub(MASK, USERINFO.sub(f"{MASK}@", value))
    return value


def _below(name: str, value: Any) -> Any:
    if name == "env" and isinstance(value, dict) and "type" not in value:
        return _without_texts(value, frozenset())
    if not SECRET_NAME.search(name):
        return scrubbed(value)
    if isinstance(value, dict):
        return _schema(value) if _is_schema(value) else _without_texts(value, frozenset())
    return _without_texts(value, frozenset())


def _is_schema(value: Mapping[str, Any]) -> bool:
    return not value.keys().isdisjoint({"type", "anyOf", "allOf", "$ref", "title"})


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a secret: what it is stays, its default and examples go."""
    told = {"default", "example", "examples", "const", "enum"}
    return {
        name: _without_texts(item, frozenset()) if name in told else scrubbed(item)
        for name, item in schema.items()
    }


def _without_texts(value: Any, known: frozenset[str]) -> Any:
    if isinstance(value, dict):
        if KIND in value:
            return _hydrated(value)
        return {
            name: _without_texts(item, frozenset() if SECRET_NAME.search(name) else known)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_without_texts(item, known) for item in value]
    if not isinstance(value, str) or not value or value in known:
        return value
    return MASK


def _hydrated(value: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is made of JSON, of a template or of a variable."""
    plain = f'"{MASK}"' if value[KIND] == "json" else MASK
    return {**value, "value": plain} if "value" in value else value


def _texts_of(schema: Any, name: str = "") -> Iterator[str]:
    """The texts that a schema gives as choices or defaults, but not those of secrets."""
    if isinstance(schema, dict):
        for key, item in schema.items():
            if not SECRET_NAME.search(key):
                yield from _texts_of(item, key)
    elif isinstance(schema, list):
        for item in schema:
            yield from _texts_of(item, name)
    elif isinstance(schema, str) and name in {"enum", "const", "default"}:
        yield schema
