from __future__ import annotations

import re
from pathlib import Path

import contract_tests
from contract_tests.lifecycle.machine import RULES
from contract_tests.rules import catalogue
from contract_tests.spec.operations import operations


def test_catalogue_is_complete_and_names_operations_that_exist() -> None:
    ids = {operation.id for operation in operations()}
    assert len(catalogue()) > 30
    for code, rule in catalogue().items():
        assert rule.code == code
        assert rule.statement.endswith("."), code
        assert rule.operations == ("all",) or set(rule.operations) <= ids, code


def test_every_code_in_the_checks_is_in_the_catalogue_and_the_other_way_round() -> None:
    kinds = "|".join({code.partition(".")[0] for code in catalogue()})
    package = Path(contract_tests.__file__).parent
    text = "".join(file.read_text() for file in package.rglob("*.py"))
    used = set(re.findall(rf'"((?:{kinds})\.[a-z-]+)"', text))
    used |= {f"laws.{name}" for name in re.findall(r'_fail\(\s*"([a-z-]+)"', text)}
    markers = [*re.findall(r"@judges\((.*?)\)", text, re.DOTALL), " ".join(map(repr, RULES))]
    used |= {f"lifecycle.{name}" for name in re.findall(r"""["']([a-z-]+)["']""", str(markers))}
    assert used == set(catalogue())
