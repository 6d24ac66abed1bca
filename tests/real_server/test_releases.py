"""The suite is silent about several releases, and says what it left out because it is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from contract_tests.spec.operations import operations
from tests.planted_bugs.judge import judge
from tests.real_server.process import prefect_server
from tests.real_server.releases import Release, releases

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.releases


@pytest.mark.parametrize("release", releases(), ids=lambda release: release.version)
def test_the_suite_is_silent_on_a_release(release: Release, tmp_path: Path) -> None:
    with prefect_server(tmp_path, python=release.python()) as url:
        verdict = judge(url, seed=1)
    assert verdict.status == 0, verdict.output
    assert f"server {release.version}" in verdict.output
    for operation in operations():
        if operation.core:
            is_left_out = f"{operation.id} is not in version" in verdict.output
            assert is_left_out == (Version(operation.since) > Version(release.version))
