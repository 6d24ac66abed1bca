"""Imports run one way: contract_tests -> mock_server -> openapi; the query engine knows no HTTP."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
# Of ours, what each may import besides itself.
ALLOWED = {
    "openapi": set[str](),
    "mock_server": {"openapi"},
    "contract_tests": {"mock_server", "openapi"},
}
ENGINE = REPOSITORY / "mock_server" / "query"
# The suite judges with the mock's query engine and request models, and knows nothing of its inside.
SHARED_WITH_THE_SUITE = ("mock_server.query", "mock_server.requests")
# About 400 is the aim; this is where splitting is no longer a matter of taste.
MOST_LINES = 500


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The full names that a module imports, relative ones resolved, those inside functions too."""
    package = path.relative_to(REPOSITORY).parent.parts
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            outer = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*outer, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names} | {base}
    return found


def names(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package: str) -> None:
    forbidden = {*ALLOWED, "tests"} - {package} - ALLOWED[package]
    wrong = {
        f"{names(path)}: {name}"
        for path in modules(REPOSITORY / package)
        for name in imported(path)
        if name.partition(".")[0] in forbidden
    }
    assert not wrong


def test_the_query_engine_knows_only_itself_and_the_standard_library() -> None:
    wrong = {
        f"{names(path)}: {name}"
        for path in modules(ENGINE)
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not f"{name}.".startswith("mock_server.query.")
    }
    assert not wrong


def test_the_query_engine_does_no_io() -> None:
    io = re.compile(r"(asyncio|http|io|os|pathlib|socket|sqlite3|ssl|subprocess|urllib)(\.|$)")
    wrong = {
        f"{names(path)}: {name}"
        for path in modules(ENGINE)
        for name in imported(path)
        if io.match(name)
    }
    assert not wrong


def test_the_suite_knows_the_mock_by_its_engine_and_its_models() -> None:
    wrong = {
        f"{names(path)}: {name}"
        for path in modules(REPOSITORY / "contract_tests")
        for name in imported(path)
        if name.partition(".")[0] == "mock_server"
        and name != "mock_server"
        and not f"{name}.".startswith(tuple(f"{shared}." for shared in SHARED_WITH_THE_SUITE))
    }
    assert not wrong


@pytest.mark.parametrize("package", ALLOWED)
def test_modules_stay_small(package: str) -> None:
    lengths = {
        names(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules(REPOSITORY / package)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_do_not_import_in_circles(package: str) -> None:
    """Imports for types alone do not count: they are not there when the program runs."""
    graph = {module: _runtime_imports(module) for module in modules(REPOSITORY / package)}
    done: set[Path] = set()
    for start in graph:
        _visit(start, graph, [], done)


def _visit(module: Path, graph: dict[Path, set[Path]], above: list[Path], done: set[Path]) -> None:
    assert module not in above, " -> ".join(names(path) for path in [*above, module])
    if module in done:
        return
    for other in graph.get(module, set()):
        _visit(other, graph, [*above, module], done)
    done.add(module)


def _runtime_imports(path: Path) -> set[Path]:
    """The modules of ours that are loaded when this one is, by their files."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[Path] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {_file(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parts = {_file(f"{node.module}.{alias.name}") for alias in node.names}
            found |= parts if any(part.exists() for part in parts) else {_file(node.module)}
    return {file for file in found if file.exists()} - {path}


def _file(name: str) -> Path:
    place = REPOSITORY.joinpath(*name.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
