"""A target that credentials are given for is to need them."""

from __future__ import annotations

import re

from tests.contract_tests.test_run import command


def test_a_target_that_lets_everybody_in_is_told(mock_url: str) -> None:
    asked = ("run", "--base-url", mock_url, "--auth", "bearer:x", "--only", "auth", "--seed", "1")
    done = command(*asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "credentials were given, and nobody needs any [auth.open]" in done.stdout
    told = re.search(r"auth +done: (\d+) checks, (\d+) requests", done.stdout)
    assert told is not None, done.stdout
    assert int(told[1]) > 30
    assert int(told[2]) < 10, "it is asked once, not for each check"
    assert command(*asked, "--strict").returncode == 1
