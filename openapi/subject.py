"""Reads what is to be validated: one document, and where each part of it was written."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from openapi import BUNDLE_FILE, ROOT_FILE
from openapi.bundle import BundleError, Source, assemble
from openapi.errors import UnreadableError
from openapi.revisions import checked_out, git_revision
from openapi.structure import iterate
from openapi.yaml_loader import YamlError, load_yaml

__all__ = ["Subject", "UnreadableError", "open_subject"]

_TIMEOUT = 30.0


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
        folder: What the user calls the folder of `root`, where that is but a copy.
    """

    name: str
    root: Path
    document: dict[str, Any]
    sources: Mapping[str, Source] = field(default_factory=dict)
    problems: tuple[BundleError, ...] = ()
    unused: tuple[Source, ...] = ()
    folder: str | None = None

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
        if self.folder is not None and file.is_relative_to(self.root.parent):
            return f"{self.folder}{file.relative_to(self.root.parent)}"
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


def _root_in(path: Path) -> Path:
    """The root file of a folder, a file itself."""
    roots = (path / name for name in ("openapi.yaml", "openapi.yml", "openapi.json"))
    return next((root for root in roots if root.is_file()), path) if path.is_dir() else path


@contextmanager
def open_subject(target: str | None) -> Iterator[Subject]:
    """Read a document, from the files of this package, from another file, or from a URL.

    Args:
        target: A file, a folder with an `openapi.yaml`, a URL, or a git revision and a path in it
            (`main:openapi`); None for this package's own document.

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
    elif not Path(target).exists() and (revision := git_revision(target)) is not None:
        with tempfile.TemporaryDirectory() as folder:
            file = _root_in(checked_out(revision, Path(folder).resolve()))
            name = target if target.endswith(file.name) else f"{target.rstrip('/')}/{file.name}"
            subject = _read(file, name)
            yield replace(subject, folder=name.removesuffix(file.name))
    elif not Path(target).exists() and ":" in target:
        revision_name = target.partition(":")[0]
        raise UnreadableError(
            f"{target} cannot be read: there is no such file, and git knows no revision "
            f"{revision_name} here. Write a FILE, a folder, a URL or REVISION:PATH."
        )
    else:
        file = _root_in(Path(target).resolve())
        yield _read(file, target if file.name == Path(target).name else f"{target}/{file.name}")
