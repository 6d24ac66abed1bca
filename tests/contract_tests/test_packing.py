"""A body that comes packed is whole, or is told not to be; how it was cut does not matter."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from contract_tests.rules.filters import Expected, Reading
from contract_tests.rules.shape import shapes_for
from contract_tests.spec.version import spec_for
from contract_tests.transport.packing import NOT_WHOLE
from contract_tests.transport.target import Target
from tests.contract_tests.stub import Answer, serve

if TYPE_CHECKING:
    from contract_tests.transport.exchange import Exchange

BODY = b"[" + b"123, " * 2000 + b"4]"
PACKED = gzip.compress(BODY)


def ask(body: bytes, coding: str = "gzip") -> Exchange:
    headers = {"content-type": "application/json", "content-encoding": coding}
    with serve(lambda *_: Answer(200, body, headers)) as url, Target(url) as target:
        return target.post("/deployments/filter", {})


def rules(exchange: Exchange) -> list[tuple[str, str]]:
    spec = spec_for(None)
    found = shapes_for(None).check(spec.contracts["read_deployments"], exchange)
    return [(finding.rule, finding.message) for finding in found]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "identity"])
def test_a_whole_body_is_read(coding: str) -> None:
    exchange = ask(BODY if coding == "identity" else PACKED, coding)
    assert (exchange.body, exchange.flaw, exchange.silent) == (BODY, "", "")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(PACKED[:-8], id="without its sum"),
        pytest.param(PACKED[:-1], id="without a byte"),
        pytest.param(PACKED[: len(PACKED) // 2], id="a half"),
        pytest.param(PACKED[:-6] + bytes(6), id="with another sum"),
        pytest.param(PACKED[:20] + bytes(9) + PACKED[29:], id="damaged"),
        pytest.param(BODY, id="not packed"),
    ],
)
def test_a_body_that_is_not_whole_is_told(body: bytes) -> None:
    exchange = ask(body)
    assert rules(exchange) == [("shape.answer", NOT_WHOLE)]
    finding = Reading("read_deployments", exchange, Expected([], "", "#/x")).body()
    assert (finding.rule, finding.message) == ("filters.accepted", NOT_WHOLE)
