"""Makes one document of the split files, references kept.

Path items are put in place; whatever else is referenced in another file becomes a component under
the last part of its pointer, and the reference points there. What nothing references does not get
into the document; `Bundle.unused` names it. Example values, defaults and extensions are never
looked into: a `$ref` there is data.

`python -m openapi.bundle` writes `bundle.json`; with `--check` it only tells whether that is
current.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openapi import BUNDLE_FILE, ROOT_FILE
from openapi.structure import COMPONENT_KINDS, copy_json, escape, inner_kind, is_31, tokens
from openapi.yaml_loader import YamlError, load_yaml

__all__ = ["UNRESOLVED", "Bundle", "BundleError", "Source", "assemble", "bundle", "render"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part of the document was written.

    Attributes:
        file: The file.
        pointer: The JSON pointer in it, `""` for all of it.
    """

    file: Path
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.file}#{self.pointer}"


class BundleError(ValueError):
    """The files do not make one document.

    Attributes:
        code: The kind of fault, as the validator's findings name it.
        source: Where the fault stands.
        problem: What is wrong, in a sentence.
        remedy: What to do about it.
    """

    def __init__(self, code: str, source: Source, problem: str, remedy: str) -> None:
        super().__init__(f"{source}: {problem} {remedy}")
        self.code = code
        self.source = source
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Bundle:
    """The document, and how it came about.

    Attributes:
        document: The one document. It shares nothing with anything else.
        sources: Where each path item and component was written, by its pointer in the document
            (`/paths/~1deployments~1`, `/components/schemas/Operator`).
        unused: What stands in the files and is referenced nowhere, in the order of the files.
    """

    document: dict[str, Any]
    sources: Mapping[str, Source]
    unused: tuple[Source, ...]


UNRESOLVED = "unresolved"
"""The name of a parameter that takes the place of one that could not be had."""

_STAND_INS: Mapping[str, dict[str, Any]] = {
    "responses": {"description": "Could not be read."},
    "requestBodies": {"content": {}},
    "parameters": {"name": UNRESOLVED, "in": "query", "schema": {}},
    "headers": {"schema": {}},
}
"""What takes the place of an object that could not be had, so that the rest can be looked at."""


@dataclass(slots=True)
class _Assembly:
    """The work in progress: files read, components found, references still to follow.

    With a list of `problems` faults go there and do not end the work.
    """

    root: Path
    problems: list[BundleError] | None = None
    files: dict[Path, Any] = field(default_factory=dict)
    components: dict[tuple[str, str], Source] = field(default_factory=dict)
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    paths: dict[str, Source] = field(default_factory=dict)
    referenced: set[tuple[Path, str]] = field(default_factory=set)
    siblings: bool = False
    """Whether something may stand beside a reference, as 3.1 has it."""

    def fault(self, error: BundleError) -> None:
        """End the work with that error, or note it."""
        if self.problems is None:
            raise error
        self.problems.append(error)

    def read(self, file: Path, wanted_by: Source) -> Any:
        """The parsed file."""
        if file not in self.files:
            try:
                self.files[file] = load_yaml(file)
            except OSError as error:
                raise BundleError(
                    "file-unreadable",
                    wanted_by,
                    f"the file {file} cannot be read ({error.strerror}).",
                    "Mend the reference, or add the file.",
                ) from error
            except YamlError as error:
                raise BundleError(
                    "yaml-syntax", Source(file), f"{error}.", "Mend the YAML."
                ) from error
            except UnicodeDecodeError as error:
                raise BundleError(
                    "yaml-syntax", Source(file), "this is no UTF-8.", "Save the file as UTF-8."
                ) from error
        return self.files[file]

    def target(self, reference: Any, here: Source) -> Source:
        """Where a reference leads, as file and pointer."""
        if not isinstance(reference, str):
            raise BundleError("ref-malformed", here, "$ref is no string.", "Write FILE.yaml#/NAME.")
        if "://" in reference:
            raise BundleError(
                "ref-remote",
                here,
                f"{reference} is no local file.",
                "Write the object into a file of this folder.",
            )
        name, _, pointer = reference.partition("#")
        file = (here.file.parent / name).resolve() if name else here.file
        return Source(file, pointer)

    def lookup(self, target: Source, here: Source) -> Any:
        """The object that a reference leads to."""
        value = self.read(target.file, here)
        for token in tokens(target.pointer):
            if isinstance(value, list) and token.isdigit() and int(token) < len(value):
                value = value[int(token)]
            elif isinstance(value, dict) and token in value:
                value = value[token]
            else:
                known = ", ".join(sorted(value)[:12]) if isinstance(value, dict) else "no keys"
                raise BundleError(
                    "ref-unresolved",
                    here,
                    f"{target} does not exist: there is no {token!r}, only {known}.",
                    "Mend the name or add it there.",
                )
        return value

    def walk(self, node: Any, kind: str, here: Source) -> Any:
        """A copy of an object of that kind in which each reference leads into the components."""
        if not isinstance(node, dict):
            return copy_json(node)
        if "$ref" in node:
            try:
                return self.beside(node, kind, here, self.follow(node, kind, here))
            except BundleError as error:
                self.fault(error)
                return copy_json(_STAND_INS.get(kind, {}))
        result: dict[str, Any] = {}
        for key, value in node.items():
            inner = inner_kind(kind, key)
            there = _below(here, key)
            if inner.startswith("[") and isinstance(value, list):
                part = [
                    self.walk(item, inner[1:-1], _below(there, str(index)))
                    for index, item in enumerate(value)
                ]
                result[key] = part
            elif inner.startswith("{") and isinstance(value, dict):
                result[key] = {
                    name: self.walk(item, inner[1:-1], _below(there, name))
                    for name, item in value.items()
                }
            elif inner:
                result[key] = self.walk(value, inner, there)
            else:
                result[key] = copy_json(value)
        return result

    def beside(self, node: dict[str, Any], kind: str, here: Source, followed: Any) -> Any:
        """What a reference became, with what may stand beside it."""
        if not self.siblings or len(node) == 1:
            return followed
        rest = {key: value for key, value in node.items() if key != "$ref"}
        return {**followed, **self.walk(rest, kind, here)}

    def follow(self, node: dict[str, Any], kind: str, here: Source) -> Any:
        """What a reference becomes: the path item itself, or a reference to a component."""
        if len(node) > 1 and not self.siblings:
            beside = ", ".join(sorted(set(node) - {"$ref"}))
            self.fault(
                BundleError(
                    "ref-siblings",
                    here,
                    f"beside $ref stands {beside}, which OpenAPI 3.0 ignores.",
                    "Wrap the reference in allOf, or move what is beside it to its target.",
                )
            )
        target = self.target(node["$ref"], here)
        value = self.lookup(target, here)
        self.referenced.add((target.file, target.pointer))
        if kind == "pathItems":
            if here.pointer.startswith("/paths/"):
                self.paths[tokens(here.pointer)[-1]] = target
            return self.walk(value, kind, target)
        if kind not in COMPONENT_KINDS:
            raise BundleError(
                "ref-misplaced", here, f"no reference may stand for a {kind}.", "Write it out here."
            )
        name = self.register(kind, target, here)
        if (kind, name) not in self.values:
            self.values[kind, name] = None  # so that a recursive schema ends here
            self.values[kind, name] = self.walk(value, kind, target)
        return {"$ref": f"#/components/{kind}/{name}"}

    def register(self, kind: str, target: Source, here: Source) -> str:
        """The name under which a target is a component of that kind."""
        parts = tokens(target.pointer)
        if not parts:
            raise BundleError(
                "ref-malformed", here, f"{target} is a whole file.", "Add the #/NAME that is meant."
            )
        name = parts[-1]
        known = self.components.setdefault((kind, name), target)
        if known != target:
            raise BundleError(
                "name-clash",
                here,
                f"{kind} has two of the name {name}: {known} and {target}.",
                "Rename one of them.",
            )
        return name


def _below(source: Source, token: str) -> Source:
    """The place one step further in."""
    return Source(source.file, f"{source.pointer}/{escape(token)}")


def _own_components(assembly: _Assembly, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Register what the root file has under `components` itself."""
    components = document.get("components")
    for kind, items in components.items() if isinstance(components, dict) else ():
        for name in items if isinstance(items, dict) and kind in COMPONENT_KINDS else ():
            assembly.components[kind, name] = Source(assembly.root, f"/components/{kind}/{name}")
            yield kind, name


def _unused(assembly: _Assembly) -> tuple[Source, ...]:
    """The top-level entries of all files of the folder that nothing references."""
    unused = []
    for file in sorted(assembly.root.parent.rglob("*.yaml")):
        if file == assembly.root:
            continue
        try:
            content = assembly.read(file, Source(assembly.root))
        except BundleError as error:
            assembly.fault(error)
            continue
        if (file, "") in assembly.referenced or not isinstance(content, dict):
            continue
        within = {pointer for of, pointer in assembly.referenced if of == file}
        used = {tokens(pointer)[0] for pointer in within if pointer}
        unused += [_below(Source(file), name) for name in content if name not in used]
    return tuple(unused)


def assemble(root: Path, problems: list[BundleError] | None = None) -> Bundle:
    """Make one document of the root file and all that it references.

    Args:
        root: The root file, `openapi.yaml`. Its folder is searched for what is unused.
        problems: A list to note faults in. Stand-ins then take the place of what cannot be had,
            and nothing but a root file that is no document raises.

    Returns:
        The document with its sources. Paths keep the order of the root, components are sorted by
        kind and name, so that the same files always give the same document.

    Raises:
        BundleError: A file is missing or no YAML, a reference leads nowhere or off this folder,
            or two components of a kind have the same name.
    """
    assembly = _Assembly(root.resolve(), problems)
    here = Source(assembly.root)
    content = assembly.read(assembly.root, here)
    if not isinstance(content, dict) or "openapi" not in content:
        raise BundleError(
            "not-openapi", here, "this is no OpenAPI document.", "Give the root file."
        )
    assembly.siblings = is_31(content)
    own = list(_own_components(assembly, content))
    document = assembly.walk(content, "document", here)
    for kind, name in own:
        assembly.values[kind, name] = document["components"][kind][name]
    document["components"] = {
        kind: {
            name: assembly.values[kind, name]
            for name in sorted(name for of_kind, name in assembly.values if of_kind == kind)
        }
        for kind in COMPONENT_KINDS
        if any(of_kind == kind for of_kind, _ in assembly.values)
    }
    sources = {
        _below(Source(here.file, "/paths"), path).pointer: source
        for path, source in assembly.paths.items()
    }
    for (kind, name), source in assembly.components.items():
        sources[_below(Source(here.file, f"/components/{kind}"), name).pointer] = source
    return Bundle(document, sources, _unused(assembly))


def bundle(root: Path) -> dict[str, Any]:
    """The one document alone, see `assemble`."""
    return assemble(root).document


def render(document: Mapping[str, Any]) -> str:
    """The document as text, the way that `bundle.json` holds it."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write `bundle.json`, or with `--check` tell whether it is current.

    Returns:
        0 when it is current or written, 1 when the files make no document or it is out of date.
    """
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    try:
        made = assemble(ROOT_FILE)
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for source in made.unused:
        sys.stderr.write(f"unused, left out: {source}\n")
    text = render(made.document)
    if check:
        current = BUNDLE_FILE.is_file() and BUNDLE_FILE.read_text(encoding="utf-8") == text
        if not current:
            sys.stderr.write("bundle.json is out of date: run python -m openapi.bundle\n")
        return 0 if current else 1
    BUNDLE_FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
