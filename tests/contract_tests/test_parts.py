from __future__ import annotations

import pytest

from contract_tests.errors import CannotJudge
from contract_tests.running import parts


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_the_shards_add_up_to_the_whole(count: int) -> None:
    items = list(range(23))
    shards = [parts.part(items, f"{number}/{count}") for number in range(1, count + 1)]
    assert sorted(item for shard in shards for item in shard) == items
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/0", "-1/2", ""])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(CannotJudge, match="write it as I/N"):
        parts.shard(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("1h30m", 5400)]
)
def test_times(text: str, seconds: float) -> None:
    assert parts.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5d", "1h x", "m", "0", "0h0s"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(CannotJudge, match=r"--timeout .*write it as 90s"):
        parts.seconds(text, "--timeout")


def test_each_kind_of_checks_has_its_share_of_the_time() -> None:
    ends = [parts.deadline(name, 100.0, 60.0) for name in parts.SHARES]
    assert ends == sorted(ends)
    assert ends[0] > 100.0
    assert ends[-1] == pytest.approx(160.0)
    assert parts.deadline("auth", 100.0, 60.0) == pytest.approx(160.0)
