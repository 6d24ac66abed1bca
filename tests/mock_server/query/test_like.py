from __future__ import annotations

import time

import pytest

from mock_server.query.like import contains, like, starts_with


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("", "a", False),
        ("%", "", True),
        ("_", "", False),
        ("_", "日", True),
        ("a%c", "abbbc", True),
        ("a%c", "ac", True),
        ("a%c", "abcd", False),
        ("%a%b%", "xxbxxaxxb", True),
        ("%a%b%", "bbbba", False),
        ("a%a", "a", False),
        ("ab%bc", "abc", False),
        ("%%", "a\nb", True),
        ("a_b", "a\nb", True),
        ("A", "a", True),
        ("É", "é", False),
        ("[a-z].", "[A-Z].", True),
        ("[a-z].", "ax", False),
        ("\\_", "\\x", True),
        ("\\_", "_", False),
        ("a\0b", "a", True),
        ("a", "a\0b", True),
    ],
)
def test_like(pattern: str, text: str, matches: bool) -> None:  # noqa: FBT001 - a table
    assert like(pattern)(text) is matches


def test_parts_and_beginnings() -> None:
    assert contains("b_")("abc")
    assert not contains("b_")("ab")
    assert starts_with("A_")("axe")
    assert not starts_with("x")("axe")


def test_many_wildcards_take_no_time() -> None:
    hostile = like("%a" * 40 + "%b")
    started = time.perf_counter()
    assert not hostile("a" * 20_000)
    assert time.perf_counter() - started < 1
