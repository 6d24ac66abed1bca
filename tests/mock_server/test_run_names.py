from __future__ import annotations

import random

from mock_server.operations.parts.run_names import UNFIT, run_name


def test_names_are_an_adjective_and_an_animal() -> None:
    names = [run_name(random.Random(seed)) for seed in range(300)]
    assert all(name.count("-") == 1 and name == name.lower() for name in names)
    assert len(set(names)) > 290
    assert UNFIT.isdisjoint(word for name in names for word in name.split("-"))


def test_the_same_seed_gives_the_same_names() -> None:
    one, other = random.Random(7), random.Random(7)
    assert [run_name(one) for _ in range(5)] == [run_name(other) for _ in range(5)]
