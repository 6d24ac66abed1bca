from __future__ import annotations

from contract_tests.operations import operations
from contract_tests.rules import catalogue


def test_catalogue_is_complete_and_names_operations_that_exist() -> None:
    ids = {operation.id for operation in operations()}
    assert len(catalogue()) > 30
    for code, rule in catalogue().items():
        assert rule.code == code
        assert rule.statement.endswith("."), code
        assert rule.operations == ("all",) or set(rule.operations) <= ids, code
