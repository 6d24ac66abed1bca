"""Makes the page: the document, its chapters, and a template."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from openapi.docs.schemas import constraints, type_of
from openapi.json_schema import json_schema_view
from openapi.structure import operations, resolve

__all__ = ["CHAPTERS", "chapters", "render_page"]

CHAPTERS = "deployments_spec.chapters"
"""The group of entry points that add chapters: functions without arguments that give one each.

This package knows no server and no suite; what they have to say of the document they say by these.
"""

_CORE = "Deployments"
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def chapters() -> list[Mapping[str, Any]]:
    """The chapters of what else is installed: id, title, intro, columns, rows; by their names."""
    found = sorted(entry_points(group=CHAPTERS), key=lambda point: point.name)
    return [point.load()() for point in found]


def _markdown(text: str) -> Markup:
    return Markup(_MARKDOWN.render(text or ""))  # noqa: S704  # HTML in the text is not passed on


def _inline(text: str) -> Markup:
    return Markup(_MARKDOWN.renderInline(text or ""))  # noqa: S704  # nor here


class _Reader:
    """Follows the references of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def followed(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            node = resolve(self._document, node["$ref"])
        return node

    def examples(self, media: Mapping[str, Any]) -> list[dict[str, str]]:
        listed = {
            name: self.followed(example) for name, example in media.get("examples", {}).items()
        }
        if "example" in media:
            listed["example"] = {"value": media["example"]}
        return [
            {
                "title": example.get("summary", name),
                "text": json.dumps(example.get("value"), indent=2, ensure_ascii=False),
            }
            for name, example in listed.items()
        ]

    def content(self, holder: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "media": name,
                "type": type_of(media.get("schema", {})),
                "rules": constraints(media.get("schema", {})),
                "examples": self.examples(media),
            }
            for name, media in holder.get("content", {}).items()
        ]

    def operation(self, path: str, method: str, node: Mapping[str, Any]) -> dict[str, Any]:
        item = self._document["paths"][path]
        listed = [
            self.followed(one) for one in (*item.get("parameters", ()), *node.get("parameters", ()))
        ]
        body = self.followed(node["requestBody"]) if "requestBody" in node else None
        responses = {status: self.followed(one) for status, one in node["responses"].items()}
        return {
            "id": node["operationId"],
            "method": method.upper(),
            "path": path,
            "node": node,
            "parameters": [
                {
                    "node": one,
                    "type": type_of(one.get("schema", {})),
                    "rules": constraints(one.get("schema", {})),
                }
                for one in listed
            ],
            "body": body and {"node": body, "content": self.content(body)},
            "responses": [
                {
                    "status": status,
                    "node": one,
                    "content": self.content(one),
                    "headers": sorted(one.get("headers", {})),
                }
                for status, one in sorted(responses.items())
            ],
        }

    def schema(self, name: str, node: Mapping[str, Any]) -> dict[str, Any]:
        required = node.get("required", ())
        return {
            "name": name,
            "node": node,
            "type": type_of(node),
            "rules": constraints(node),
            "is_closed": node.get("additionalProperties") is False,
            "properties": [
                {
                    "name": key,
                    "node": one,
                    "type": type_of(one),
                    "rules": constraints(one),
                    "required": key in required,
                }
                for key, one in node.get("properties", {}).items()
            ],
        }


def _groups(document: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The operations: those on deployments, then the others by the first part of their paths."""
    reader = _Reader(document)
    found: dict[str, list[dict[str, Any]]] = {}
    for path, method, node in operations(document):
        family = path.split("/")[1].replace("_", " ").capitalize()
        group = _CORE if _CORE in node.get("tags", ()) else family
        found.setdefault(group, []).append(reader.operation(path, method, node))
    yield from sorted(found.items(), key=lambda group: (group[0] != _CORE, group[0]))


def render_page(document: dict[str, Any], added: Sequence[Mapping[str, Any]]) -> str:
    """The page: HTML that needs nothing from anywhere.

    Args:
        document: A bundled OpenAPI document.
        added: Chapters, as `chapters` gives them.
    """
    view = json_schema_view(document)
    reader = _Reader(view)
    schemas = [
        reader.schema(name, node)
        for name, node in sorted(view.get("components", {}).get("schemas", {}).items())
    ]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"markdown": _markdown, "inline": _inline}
    folder = files("openapi") / "docs"
    template = environment.from_string((folder / "page.html.j2").read_text(encoding="utf-8"))
    return template.render(
        info=view["info"],
        groups=list(_groups(view)),
        schemas=schemas,
        chapters=added,
        style=Markup((folder / "style.css").read_text(encoding="utf-8")),  # noqa: S704  # our own
    )
