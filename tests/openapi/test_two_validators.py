"""Two validators, one verdict: openapi-core and our own agree about what a real server answers."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from contract_tests.cases.constraint_breaking import Breaker
from contract_tests.rules.shape import shapes_for
from contract_tests.spec.contract import lookup
from contract_tests.transport.exchange import Exchange
from openapi import load
from openapi.formats import CHECKS
from openapi.har import Recorded, read_har
from openapi.traffic import TrafficJudge
from tests.openapi.truth import SPEC, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JUDGE = TrafficJudge(load(), None, CHECKS)
ANSWER_CODES = {
    "undeclared-status",
    "response-media-type",
    "response-body",
    "response-header",
    "response-unreadable",
}
CORE = [id_ for id_, found in SPEC.contracts.items() if found.operation.core]
# It deletes what it finds, and other tests have their data on the same server.
HARMFUL = {"bulk_delete_deployments"}


def exchange_of(recorded: Recorded) -> Exchange:
    query = "&".join(f"{name}={value}" for name, value in recorded.query)
    return Exchange(
        method=recorded.method,
        url=f"{recorded.host}{recorded.path}{f'?{query}' if query else ''}",
        request_headers=recorded.request_headers,
        request_body=recorded.request_body,
        status=recorded.status,
        headers=recorded.headers,
        body=recorded.body or b"",
        base_url=f"{recorded.host}/api",
    )


def recorded_of(exchange: Exchange, number: int) -> Recorded:
    return Recorded(
        number=number,
        method=exchange.method,
        host="http://server",
        path=f"/api{exchange.path}",
        request_headers=exchange.request_headers,
        request_body=exchange.request_body,
        status=exchange.status,
        headers=exchange.headers,
        body=exchange.body,
    )


def verdicts(recorded: Recorded, exchange: Exchange) -> tuple[list[str], list[str]]:
    """What openapi-core finds wrong with an answer, and what our own validators do."""
    path = JUDGE.path_below(recorded.path) or ""
    name = JUDGE.operation_of(recorded.method, path)
    if name is None:
        return [], []
    theirs = [
        f"{breach.code} {breach.pointer}: {breach.message}"
        for breach in JUDGE.judge(recorded)
        if breach.code in ANSWER_CODES
    ]
    ours = [
        f"{found.rule}: {found.cause}"
        for found in shapes_for(None).check(SPEC.contracts[name], exchange)
    ]
    return theirs, ours


def asked(truth: Truth) -> Iterator[Exchange]:
    """An exchange of each core operation with a right body, and one with a wrong one."""
    for id_ in CORE:
        if id_ in HARMFUL:
            continue
        contract = SPEC.contracts[id_]
        path = truth.path(contract)
        bodies: list[Any] = [None]
        if contract.body_pointer is not None:
            breaker = Breaker(SPEC.readings, truth.hints())
            schema = lookup(SPEC.view, contract.body_pointer)
            wrong = [case.body for case in breaker.breaches(schema) if isinstance(case.body, dict)]
            bodies = [breaker.sample(schema), *wrong[:1]]
        for body in bodies:
            yield truth.send(contract, path, body)


def test_both_accept_what_a_real_server_answers(real_server: str) -> None:
    truth = Truth(real_server)
    try:
        exchanges = list(asked(truth))
    finally:
        truth.close()
    assert len({exchange.path for exchange in exchanges}) >= 15
    for number, exchange in enumerate(exchanges, 1):
        assert verdicts(recorded_of(exchange, number), exchange) == ([], []), exchange.curl()


@pytest.mark.parametrize(
    ("status", "body"), [(200, b'"x"'), (200, b""), (418, b"5"), (200, b"{"), (422, b"{}")]
)
def test_both_refuse_what_is_wrong(status: int, body: bytes) -> None:
    path = "/api/deployments/count"
    headers = {"content-type": "application/json"}
    recorded = Recorded(1, "POST", "http://server", path, (), headers, b"{}", status, headers, body)
    theirs, ours = verdicts(recorded, exchange_of(recorded))
    assert theirs
    assert ours


@pytest.mark.proof
def test_both_agree_about_all_answers_of_a_run(own_real_server: str, tmp_path: Path) -> None:
    file = tmp_path / "run.har"
    command = [sys.executable, "-m", "contract_tests", "run", "--base-url", own_real_server]
    command += ["--profile", "standard", "--report", f"har={file}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    judged: Counter[str] = Counter()
    apart: list[str] = []
    for recorded in read_har(file).exchanges:
        exchange = exchange_of(recorded)
        theirs, ours = verdicts(recorded, exchange)
        judged["wrong" if ours else "right"] += 1
        if bool(theirs) != bool(ours):
            apart.append(f"{recorded.number} {exchange.curl()}: {theirs} {ours}")
        elif ours and recorded.status != 500:  # known deviations: answered with 500
            apart.append(f"{recorded.number} {exchange.curl()}: {ours}")
    assert apart[:10] == []
    assert judged["right"] > 1000
