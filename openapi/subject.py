"""Reads what is to be validated: one document, and where each part of it was written."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openapi import BUNDLE_FILE, ROOT_FILE
from openapi.bundle import BundleError, Source, assemble
from openapi.structure import iterate
from openapi.yaml_loader import YamlError, load_yaml

__all__ = ["Subject", "UnreadableError", "open_subject"]

_TIMEOUT = 30.0


class UnreadableError(ValueError):
    """There is nothing that could be validated. The message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A document that can be validated.

    Attributes:
        name: What the user calls it.
        root: The file that it begins with.
        document: The one document, references to files gone.
        sources: Where parts of it were written, by their pointers; the rest stands in `root`.
        problems: What went wrong when the files were put together.
        unused: Parts of the files that nothing references.
    """

    name: str
    root: Path
    document: dict[str, Any]
    sources: Mapping[str, Source] = field(default_factory=dict)
    problems: tuple[BundleError, ...] = ()
    unused: tuple[Source, ...] = ()

    def source(self, pointer: str) -> Source:
        """Where a pointer into the document leads in the files."""
        head = pointer
        while head:
            if head in self.sources:
                found = self.sources[head]
                return Source(found.file, found.pointer + pointer[len(head) :])
            head = head.rpartition("/")[0]
        return Source(self.root, pointer)

    def shown(self, file: Path) -> str:
        """A file as the user would write it."""
        if file == self.root:
            return self.name
        try:
            return str(file.relative_to(Path.cwd()))
        except ValueError:
            return str(file)


def _download(url: str, folder: Path) -> Path:
    """Fetch a document into a folder."""
    import httpx  # noqa: PLC0415  # a moment that files need not wait for

    try:
        answer = httpx.get(url, timeout=_TIMEOUT, follow_redirects=True)
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreadableError(f"{url} could not be fetched: {error}") from error
    file = folder / "document.yaml"
    file.write_bytes(answer.content)
    return file


def _content(file: Path, name: str) -> dict[str, Any]:
    """The parsed root file, if it is an OpenAPI 3.0 or 3.1 document."""
    try:
        content = load_yaml(file)
    except OSError as error:
        raise UnreadableError(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name} is no text in UTF-8.") from error
    except YamlError as error:
        raise UnreadableError(f"{name} is neither YAML nor JSON: {error}.") from error
    if not isinstance(content, dict) or "openapi" not in content:
        older = isinstance(content, dict) and "swagger" in content
        reason = "it is a Swagger 2.0 document" if older else "it has no key `openapi`"
        raise UnreadableError(f"{name} is no OpenAPI 3 document: {reason}.")
    version = content["openapi"]
    if not isinstance(version, str) or not version.startswith(("3.0.", "3.1.")):
        raise UnreadableError(
            f"{name} says openapi: {version}; what can be read is 3.0.x and 3.1.x."
        )
    return content


def _is_split(content: dict[str, Any]) -> bool:
    """Whether a document references other files."""
    return any(
        isinstance(node.get("$ref"), str) and not node["$ref"].startswith("#")
        for _, _, node in iterate(content)
    )


def _read(file: Path, name: str) -> Subject:
    content = _content(file, name)
    if not _is_split(content):
        return Subject(name, file, content)
    problems: list[BundleError] = []
    bundle = assemble(file, problems)
    read = {source.file for source in bundle.sources.values()}
    unused = tuple(source for source in bundle.unused if source.file in read)
    return Subject(name, file, bundle.document, bundle.sources, tuple(problems), unused)


@contextmanager
def open_subject(target: str | None) -> Iterator[Subject]:
    """Read a document, from the files of this package, from another file, or from a URL.

    Args:
        target: A path or a URL; None for this package's own document.

    Yields:
        The document. What is wrong inside of it is not judged here.

    Raises:
        UnreadableError: There is no such thing, or it is no OpenAPI 3.0 or 3.1 document.
    """
    if target is None:
        own = (ROOT_FILE if ROOT_FILE.is_file() else BUNDLE_FILE).resolve()
        name = str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)
        yield _read(own, name)
    elif target.startswith(("http://", "https://")):
        with tempfile.TemporaryDirectory() as folder:
            yield _read(_download(target, Path(folder)).resolve(), target)
    else:
        yield _read(Path(target).resolve(), target)
