"""The mock answers as a real server does: the same data, the same requests, the same answers."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import openapi
from tests.agreement.compare import CHANGES, Comparison, Tally, compare
from tests.agreement.queries import CRITERIA
from tests.agreement.wire import Side
from tests.mock import mock_server
from tests.planted_bugs import filters, pages
from tests.planted_bugs.catalogue import CATALOGUE
from tests.planted_bugs.plant import Act, Planted, Response, Server
from tests.planted_bugs.plant import Request as Seen
from tests.real_server.process import prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.agreement.world import World

SEED = 20261
THRESHOLD = 0.999
# Of one kind, of a few hundred requests: one answer more or less is no share.
SMALL_THRESHOLD = 0.995
SEEN = [
    "deployments.tags.any_ is ignored",
    "flow_runs.state.name.any_ is ignored",
    "task_runs.flow_run_id.any_ is ignored",
    "work_pool_queues.name.startswith_ is ignored",
    "like_ minds the case",
    "before_ is exclusive",
    "an empty related filter is none",
    "run and task run need not belong together",
    "pages are rounded down",
    "offset is one too small",
    "UPDATED_DESC sorts by creation",
]


@pytest.fixture(scope="module")
def seeded(own_real_server: str) -> Iterator[tuple[Comparison, World]]:
    """Both servers with the same data; the tests below run in the order written."""
    with mock_server() as mock, Side(mock) as left, Side(own_real_server) as right:
        comparison = Comparison(left, right)
        yield comparison, comparison.seed(Random(SEED))


def assert_agree(comparison: Comparison, *kinds: str) -> None:
    tally = comparison.tally
    for kind in kinds:
        assert tally.sent[kind] > tally.failed[kind]
        assert tally.agreement(kind) >= SMALL_THRESHOLD, tally.report()


def test_seeding(seeded: tuple[Comparison, World]) -> None:
    assert_agree(seeded[0], "seed")


def test_two_thousand_queries(seeded: tuple[Comparison, World]) -> None:
    comparison, world = seeded
    comparison.send_stream("queries", world, seed=SEED, count=2000)
    assert_agree(comparison, "count", "filter", "paginate")


def test_supporting_queries(seeded: tuple[Comparison, World]) -> None:
    comparison, world = seeded
    comparison.send_stream("supporting", world, seed=SEED, count=150)
    assert_agree(comparison, "supporting query")


def test_invalid_requests(seeded: tuple[Comparison, World]) -> None:
    comparison, world = seeded
    comparison.send_stream("invalid", world, seed=SEED, count=800)
    assert_agree(comparison, "invalid")


def test_state_changes(seeded: tuple[Comparison, World]) -> None:
    comparison, world = seeded
    comparison.send_stream(CHANGES, world, seed=SEED, count=150)
    assert_agree(comparison, "state change", "read back")


def test_the_comparison_has_no_noise_and_sees_bugs() -> None:
    assert unseen(SEEN) == []


@pytest.mark.proof
def test_the_comparison_sees_every_bug_in_a_query() -> None:
    assert unseen([bug.name for bug in (*filters.BUGS, *pages.BUGS)]) == []


def unseen(names: Sequence[str]) -> list[str]:
    """Of some planted bugs, those that make no difference between two mocks in 2,000 queries.

    Without a bug, the two agree in everything.
    """
    planted: dict[str, Act] = {"bug": _honest}

    async def act(request: Seen, server: Server) -> Response:
        return await planted["bug"](request, server)

    with (
        mock_server() as one,
        mock_server(middleware=[lambda app: Planted(app, act)]) as other,
        Side(one) as left,
        Side(other) as right,
    ):
        comparison = Comparison(left, right)
        world = comparison.seed(Random(SEED))
        for stream in ("supporting", "queries"):
            comparison.send_stream(stream, world, seed=SEED, count=200)
        assert not comparison.tally.differences, comparison.tally.report()
        found = []
        for name in names:
            planted["bug"] = CATALOGUE[name].act
            comparison.tally = Tally()
            for request in comparison.requests("queries", world, seed=SEED, count=2000):
                comparison.send(request)
                if comparison.tally.differences:
                    break
            else:
                found.append(name)
        return found


async def _honest(request: Seen, server: Server) -> Response:
    return await server(request)


@pytest.mark.proof
@pytest.mark.xdist_group("real_server")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_six_thousand_requests(tmp_path: Path, seed: int) -> None:
    counts = {"queries": 2400, "supporting": 500, "invalid": 1500, CHANGES: 350}
    with mock_server() as mock, prefect_server(tmp_path) as real:
        tally = compare(mock, real, seed=seed, counts=counts)
    assert tally.agreement() >= THRESHOLD, tally.report()


@pytest.mark.parametrize("name", CRITERIA)
def test_no_criterion_of_the_spec_is_left_out(name: str) -> None:
    """The generator's table is written apart from the spec; here they meet."""
    schemas = openapi.load()["components"]["schemas"]
    operation = openapi.load()["paths"]["/deployments/filter"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    spec = _resolved(schemas, _resolved(schemas, body)["properties"][name])
    assert _shape(schemas, spec) == _keys(CRITERIA[name])


def _keys(table: Any) -> Any:
    return {key: _keys(value) for key, value in table.items()} if isinstance(table, dict) else None


def _shape(schemas: dict[str, Any], schema: dict[str, Any]) -> Any:
    resolved = _resolved(schemas, schema)
    if "properties" not in resolved:
        return None
    return {key: _shape(schemas, value) for key, value in resolved["properties"].items()}


def _resolved(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while True:
        parts = schema.get("allOf") or schema.get("anyOf") or schema.get("oneOf") or [schema]
        found: dict[str, Any] = parts[0]
        if "$ref" not in found:
            return found
        schema = schemas[found["$ref"].rpartition("/")[2]]
