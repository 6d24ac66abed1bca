"""What the user asked for, from pytest's options."""

from __future__ import annotations

from typing import Final

import pytest

from contract_tests.errors import CannotJudge
from contract_tests.running import parts
from contract_tests.running.run import Options

_SIMPLE: Final = (
    *("profile", "read_only", "known", "known_update", "strict"),
    *("auth", "shard", "max_time", "timeout", "reference"),
)


def options(config: pytest.Config) -> Options:
    """What the user asked for.

    Raises:
        UsageError: there is no base URL, or an option is not of its form.
    """
    base_url = config.getoption("base_url", default=None)
    if not base_url:
        raise pytest.UsageError("contract_tests needs --base-url, e.g. http://127.0.0.1:4200/api")
    told = {name: config.getoption(f"contract_{name}") for name in _SIMPLE}
    worker = getattr(config, "workerinput", {})
    try:
        limit, timeout = told.pop("max_time"), told.pop("timeout")
        if told["shard"]:
            parts.shard(told["shard"])
        return Options(
            base_url=base_url,
            seed=worker.get("contract_seed", config.getoption("contract_seed")),
            headers=tuple(config.getoption("contract_header")),
            reports=tuple(config.getoption("contract_report")),
            max_time=None if limit is None else parts.seconds(limit),
            timeout=30.0 if timeout is None else parts.seconds(timeout, "--timeout"),
            only=tuple(config.getoption("contract_only", default=()) or ()),
            **{**told, "shard": told["shard"] or ""},
        )
    except CannotJudge as error:
        raise pytest.UsageError(str(error)) from error
