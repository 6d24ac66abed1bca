from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from contract_tests.commands.cleaning import remains, remove
from contract_tests.data.dataset import Builder
from contract_tests.data.janitor import AGENT_POOL, IDLE, Janitor
from contract_tests.running.run import Options, run
from contract_tests.transport.target import Target
from tests.contract_tests.stub import Answer, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contract_tests.transport.exchange import Exchange

KINDS = ("flows", "deployments", "flow_runs", "task_runs", "work_pools", "work_queues", "variables")


def ids(target: Target) -> set[tuple[str, str]]:
    """Everything that is there."""
    found = set()
    for kind in (*KINDS, "v2/concurrency_limits"):
        found |= {(kind, row["id"]) for row in target.post(f"/{kind}/filter", {}).json()}
    return found


@contextmanager
def observed(url: str, prefix: str = "ct-t-") -> Iterator[tuple[Target, Janitor]]:
    """A target whose janitor watches."""
    with Target(url) as target:
        janitor = Janitor(target, prefix)
        target.observers.append(janitor.observe)
        janitor.start()
        yield target, janitor


def test_the_data_set_goes_without_a_trace_and_nothing_else_does(mock_url: str) -> None:
    with Target(mock_url) as other, observed(mock_url) as (target, janitor):
        flow = other.post("/flows/", {"name": "theirs"}).json()["id"]
        other.post("/deployments/", {"name": "theirs", "flow_id": flow})
        before = ids(other)
        Builder(target, "ct-t-").build()
        assert len(ids(other)) > len(before) + 80
        assert janitor.remove() == []
        assert ids(other) == before


def test_what_a_server_makes_on_demand_goes_too(mock_url: str) -> None:
    with Target(mock_url) as other, observed(mock_url) as (target, janitor):
        flow = other.post("/flows/", {"name": "theirs"}).json()["id"]
        other.post("/work_pools/", {"name": "theirs", "type": "process"})
        before = ids(other)
        ours = {"name": "ct-t-1", "flow_id": flow, "work_queue_name": "ct-t-queue"}
        assert target.post("/deployments/", ours | {"work_pool_name": "theirs"}).status == 201
        # A queue of another name: one that some pool has already is taken from there.
        agent = {"name": "ct-t-2", "work_queue_name": "ct-t-agent-queue"}
        assert target.post("/deployments/", ours | agent).status == 201
        assert other.get(f"/work_pools/{AGENT_POOL}").status == 200
        assert janitor.remove() == []
        assert ids(other) == before


def test_the_limit_of_a_deployment_that_went_with_its_flow_goes_too(mock_url: str) -> None:
    with Target(mock_url) as other, observed(mock_url) as (target, janitor):
        before = ids(other)
        flow = target.post("/flows/", {"name": "ct-t-flow"}).json()["id"]
        ours = {"name": "ct-t-1", "flow_id": flow, "concurrency_limit": 3}
        assert target.post("/deployments/", ours).status == 201
        assert target.send("DELETE", f"/flows/{flow}").status == 204
        assert len(ids(other)) == len(before) + 1
        assert janitor.remove() == []
        assert ids(other) == before


def test_an_agent_pool_in_use_stays(mock_url: str) -> None:
    with Target(mock_url) as other, observed(mock_url) as (target, janitor):
        flow = other.post("/flows/", {"name": "theirs"}).json()["id"]
        ours = {"name": "ct-t-1", "flow_id": flow, "work_queue_name": "ct-t-queue"}
        target.post("/deployments/", ours)
        other.post("/deployments/", ours | {"name": "theirs", "work_queue_name": "theirs"})
        assert janitor.remove() == []
        assert other.get(f"/work_pools/{AGENT_POOL}").status == 200


def test_what_was_made_just_before_the_run_was_stopped_is_found_by_its_prefix(
    mock_url: str,
) -> None:
    with Target(mock_url) as unseen, observed(mock_url) as (_, janitor):
        before = ids(unseen)
        unseen.post("/flows/", {"name": "ct-t-flow"})
        unseen.post("/work_pools/", {"name": "ct-t-pool", "type": "process"})
        assert janitor.remove() == []
        assert ids(unseen) == before


def test_runs_that_were_made_just_before_are_found_by_their_names(mock_url: str) -> None:
    """Also those whose flow is not ours, and of whose answers nothing was seen."""
    with Target(mock_url) as unseen, observed(mock_url) as (_, janitor):
        flow = unseen.post("/flows/", {"name": "theirs"}).json()["id"]
        before = ids(unseen)
        run = {"flow_id": flow, "name": "ct-t-run", "state": {"type": "RUNNING"}}
        assert unseen.post("/flow_runs/", run).status == 201
        task = {"name": "ct-t-task", "task_key": "k", "dynamic_key": "0", "flow_run_id": None}
        assert unseen.post("/task_runs/", task).status == 201
        assert len(ids(unseen)) == len(before) + 2
        assert janitor.remove() == []
        assert ids(unseen) == before


def test_an_upsert_of_what_was_there_makes_nothing_ours(mock_url: str) -> None:
    with Target(mock_url) as other, observed(mock_url) as (target, janitor):
        flow = other.post("/flows/", {"name": "theirs"}).json()["id"]
        other.post("/deployments/", {"name": "theirs", "flow_id": flow})
        before = ids(other)
        target.post("/flows/", {"name": "theirs"})
        target.post("/deployments/", {"name": "theirs", "flow_id": flow})
        assert janitor.remove() == []
        assert ids(other) == before


def test_what_cannot_be_removed_is_listed() -> None:
    def answer(method: str, path: str, _: bytes) -> Answer:
        if method == "DELETE":
            return Answer(500)
        if path == "/flows/":
            return Answer(201, b'{"id": "f1", "name": "x"}')
        return Answer(200, b"[]")

    with serve(answer) as url, observed(url) as (target, janitor):
        target.post("/flows/", {"name": "x"})
        assert janitor.remove() == [f"curl -X DELETE {url}/flows/f1  # status 500"]


def _kept(*, told: bool) -> Callable[[str, str, bytes], Answer]:
    """A server on which a flow is left by a deletion; `told`: or only shown in searches."""

    def answer(method: str, path: str, _: bytes) -> Answer:
        if method == "DELETE":
            return Answer(204)
        if method == "GET":
            return Answer(404 if told or "/flows/" not in path else 200, b"{}")
        if path == "/flows/":
            return Answer(201, b'{"id": "f1", "name": "ct-000001-x"}')
        return Answer(200, b'[{"id": "f1", "name": "ct-000001-x"}]' if "/flows/" in path else b"[]")

    return answer


def test_a_deletion_that_does_nothing_is_told_so() -> None:
    with serve(_kept(told=False)) as url, observed(url, "ct-000001-") as (target, janitor):
        target.post("/flows/", {"name": "ct-000001-x"})
        assert janitor.remove() == [f"curl -X DELETE {url}/flows/f1  # {IDLE}"]


@pytest.mark.parametrize("told", [True, False])
def test_the_command_lists_what_still_can_be_read(*, told: bool) -> None:
    with serve(_kept(told=told)) as url, Target(url) as target:
        found = remains(target, "ct-000001-")
        assert [one.path for one in found] == ["/flows/f1"]
        left = [] if told else [f"/flows/f1 (ct-000001-x): {IDLE}"]
        assert remove(target, "ct-000001-", found) == left


def test_what_is_gone_but_for_searches_is_not_listed() -> None:
    with serve(_kept(told=True)) as url, observed(url, "ct-000001-") as (target, janitor):
        target.post("/flows/", {"name": "ct-000001-x"})
        assert janitor.remove() == []


def test_what_went_another_way_is_not_listed() -> None:
    """The deletion of a deployment fails, but it goes with its flow."""
    gone = set()

    def answer(method: str, path: str, _: bytes) -> Answer:
        kind = path.split("/")[1]
        if method == "DELETE":
            gone.update({"flows": ("flows", "deployments")}.get(kind, ()))
            return Answer(204 if kind == "flows" else 500)
        if method == "GET":
            return Answer(404 if kind in gone or kind == "work_pools" else 200, b"{}")
        made = b'{"id": "%s1", "name": "ct-t-x"}' % kind.encode()
        return Answer(201, made) if path.endswith("s/") else Answer(200, b"[]")

    with serve(answer) as url, observed(url) as (target, janitor):
        target.post("/flows/", {"name": "ct-t-x"})
        target.post("/deployments/", {"name": "ct-t-x"})
        target.post("/variables/", {"name": "ct-t-x"})
        assert janitor.remove() == [f"curl -X DELETE {url}/variables/variables1  # status 500"]


def test_a_server_that_is_gone_leaves_a_list() -> None:
    gone = False

    def answer(_method: str, path: str, _: bytes) -> Answer | None:
        if gone:
            return None
        return Answer(201, b'{"id": "f1"}') if path == "/flows/" else Answer(200, b"[]")

    with serve(answer) as url, observed(url) as (target, janitor):
        target.post("/flows/", {"name": "x"})
        gone = True
        assert janitor.remove()[0] == f"curl -X DELETE {url}/flows/f1  # the target does not answer"


def test_an_interrupted_removal_says_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted = iter([1])

    def answer(method: str, path: str, _: bytes) -> Answer:
        if method == "DELETE":
            return Answer(204)
        if path.endswith("/"):
            return Answer(201, b'{"id": "%s"}' % path.strip("/").encode())
        return Answer(200, b"[]")

    with serve(answer) as url, observed(url) as (target, janitor):
        target.post("/flows/", {})
        target.post("/variables/", {})
        send = target.send

        def interrupted(method: str, path: str) -> Exchange:
            if not next(deleted, 0):
                raise KeyboardInterrupt
            return send(method, path)

        monkeypatch.setattr(target, "send", interrupted)
        left = janitor.remove()
    assert left == [f"curl -X DELETE {url}/variables/variables  # interrupted"]


def test_a_run_that_fails_removes_what_it_made(mock_url: str) -> None:
    with Target(mock_url) as other:
        before = ids(other)
        try:
            with run(Options(mock_url, seed=1)) as session:
                assert session.dataset.deployments
                raise ZeroDivisionError  # noqa: TRY301 - as a mistake of a check would
        except ZeroDivisionError:
            pass
        assert session.left_over == []
        assert ids(other) == before
