"""How faults are written, and what is told of those that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from mock_server.faults.rules import check_declared
from mock_server.faults.syntax import Fault, FaultError, parse_fault, read_fault

GOOD = {
    "status=503": Fault(status=503),
    "operation=read_* status=404 rate=0.5 times=3": Fault("read_*", 404, rate=0.5, times=3),
    "delay=250ms": Fault(delay=(0.25, 0.25)),
    "delay=1.5s": Fault(delay=(1.5, 1.5)),
    "delay=100ms..2s": Fault(delay=(0.1, 2.0)),
    "fault=drop": Fault(fault="drop"),
    "status=429 retry_after=7": Fault(status=429, retry_after=7),
    "status=422 example=fieldsInvalid": Fault(status=422, example="fieldsInvalid"),
    "status=503 fault=truncate delay=5ms": Fault(
        status=503, fault="truncate", delay=(0.005, 0.005)
    ),
}


@pytest.mark.parametrize("text", GOOD)
def test_what_is_written_is_read(text: str) -> None:
    assert parse_fault(text) == GOOD[text]


@pytest.mark.parametrize("fault", GOOD.values())
def test_what_is_told_is_read_again(fault: Fault) -> None:
    assert parse_fault(str(fault)) == fault
    assert read_fault(fault.as_json()) == fault


BAD = {
    "": "a fault needs a status, a delay or a fault",
    "rate=0.5": "a fault needs a status, a delay or a fault",
    "drop": "'drop' is no key=value",
    "stauts=503": "there is no 'stauts' of a fault; did you mean status?",
    "colour=red": "there is no 'colour' of a fault; there are operation, status, delay",
    "status=503 status=409": "status is said twice",
    "status=abc": "'abc' is no status",
    "status=99": "'99' is no status",
    "status=": "'' is no status",
    "delay=250": "'250' is no delay; write such as 250ms",
    "delay=-1s": "'-1s' is no delay",
    "delay=2s..1s": "from the shorter to the longer",
    "delay=301s": "to 300s at most",
    "delay=1s..": "is no delay",
    "fault=explode": "'explode' is no fault; there are drop: ",
    "fault=drop status=503": "drop sends no answer, so it has no status",
    "fault=drop-answer status=503": "drop-answer sends no answer",
    "status=409 retry_after=1": "retry_after goes with status 429 or 503",
    "status=503 retry_after=soon": "'soon' is no number of seconds",
    "delay=1s example=x": "example goes with a status",
    "status=503 rate=0": "'0' is no rate",
    "status=503 rate=1.1": "'1.1' is no rate",
    "status=503 rate=nan": "'nan' is no rate",
    "status=503 times=0": "'0' is no number of times",
    "status=503 operation=read-flow": "'read-flow' is no operation id",
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_is_told(text: str) -> None:
    with pytest.raises(FaultError) as caught:
        parse_fault(text)

    assert BAD[text] in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"status": True},
        {"status": 503.5},
        {"status": [503]},
        {"status": 503, "rate": True},
        {"status": 503, "rate": {}},
        {"status": 503, "times": 1.5},
        {"fault": 7},
        {"delay": 5},
        {"status": 503, "operation": None, "example": 3},
    ],
)
def test_json_of_a_wrong_type_is_told(values: dict[str, Any]) -> None:
    with pytest.raises(FaultError):
        read_fault(values)


UNDECLARED = {
    "operation=reed_flow status=404": "there is no operation reed_flow; did you mean read_flow?",
    "operation=xyz* status=404": "there is no operation xyz*",
    "operation=read_flow status=418": "the spec declares no status 418 for read_flow; it has 200",
    "status=599": "the spec declares no status 599 for *",
    "operation=read_flow status=404 example=nope": "no example 'nope' of status 404 for read_flow",
}


@pytest.mark.parametrize("text", UNDECLARED)
def test_what_the_spec_does_not_declare_is_told(text: str) -> None:
    with pytest.raises(FaultError) as caught:
        check_declared(parse_fault(text))

    assert UNDECLARED[text] in str(caught.value)
