"""How far a run has come, in numbers that agree with those of its end."""

from __future__ import annotations

from contract_tests.commands.progress import Progress

ITEMS = ("test_meaning.py::test_a", "test_laws.py::test_b", "test_laws.py::test_c")


def test_a_line_counts_as_the_end_of_its_kind_does() -> None:
    """What others found stands apart, in the words of the verdict."""
    progress = Progress(ITEMS, 0.0)
    progress.begin(ITEMS[0])
    progress.fail(ITEMS[0], 2)
    assert "2 faults so far, at a" in progress.line()
    assert progress.finished(progress.end(ITEMS[0], 1.0)).endswith("2 faults")
    progress.begin(ITEMS[1])
    assert "no faults so far (2 in all), at b" in progress.line()
    progress.fail(ITEMS[1], 1)
    assert "1 fault so far (3 in all)" in progress.line()
    progress.end(ITEMS[1], 1.0)
    progress.begin(ITEMS[2])
    assert progress.finished(progress.end(ITEMS[2], 1.0)).endswith("1 fault")
