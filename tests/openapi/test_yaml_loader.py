"""YAML is read as JSON would have it."""

from pathlib import Path

import pytest

from openapi.yaml_loader import YamlError, load_yaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01", "2026-01-01"),
        ("yes", "yes"),
        ("off", "off"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("1", 1),
        ("-1", -1),
        ("007", "007"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.5", 1.5),
        ("5e-07", 5e-07),
        (".5", ".5"),
        ("9223372036854775807", 9223372036854775807),
        ("0.8.4", "0.8.4"),
        ("'1'", "1"),
        ("'null'", "null"),
        ("", None),
    ],
)
def test_scalars(text: str, value: object) -> None:
    parsed = parse_yaml(text)
    assert parsed == value
    assert type(parsed) is type(value)


def test_keys_are_strings() -> None:
    assert parse_yaml("{200: a, true: b, null: c, 1.5: d}") == {
        "200": "a",
        "true": "b",
        "null": "c",
        "1.5": "d",
    }


def test_merge_keys_and_aliases_work() -> None:
    assert parse_yaml("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n") == {
        "a": {"x": 1},
        "b": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "'a' stands twice"),
        ("a: {b: 1, b: 2}\n", (1, 11), "'b' stands twice"),
        ("a: [1\n", (2, 1), "expected"),
        ("? [a]\n: 1\n", (1, 3), "a key is a list"),
        ("a: !!python/object/apply:os.system [x]\n", (1, 4), "could not determine a constructor"),
    ],
)
def test_faults_are_told_with_their_place(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(YamlError, match=words) as raised:
        parse_yaml(text)
    assert (raised.value.line, raised.value.column) == place


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: ä\n", encoding="utf-8")
    assert load_yaml(file) == {"a": "ä"}


def test_json_may_write_a_character_as_two_escapes(tmp_path: Path) -> None:
    file = tmp_path / "given.json"
    file.write_text('{"a": "\\ud83d\\udc4b", "b": "\\\\ud83d\\\\udc4b"}', encoding="utf-8")
    assert load_yaml(file) == {"a": "\U0001f44b", "b": "\\ud83d\\udc4b"}


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="aliases stand for more than"):
        parse_yaml("\n".join(lines))
    assert len(parse_yaml("\n".join(lines[:4]))["a3"]) == 10


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]",
        "a: " + "[" * 5000 + "]" * 5000,
        "a: " + "{a: " * 200_000 + "}" * 200_000,
        "a: '" + "]" * 300_000 + "'\nb: " + "[" * 300_000 + "]" * 300_000,
        "- " * 200_000 + "x",
        "? " * 200_000 + "x",
    ],
    ids=["itself", "lists", "objects", "after brackets in a text", "dashes", "question marks"],
)
def test_what_has_no_end_is_refused(text: str) -> None:
    with pytest.raises(YamlError):
        parse_yaml(text)


def test_tags_make_nothing() -> None:
    with pytest.raises(YamlError, match="constructor"):
        parse_yaml('a: !!python/object/apply:os.system ["true"]')


@pytest.mark.parametrize(
    "value",
    [
        "9" * 5000,
        "-" + "9" * 5000,
        "1e999",
        "-1e999",
        "!!int x",
        "!!int 0b",
        "!!int 1:30",
        "!!float x",
        "!!float .inf",
        "!!bool x",
        "!!null x",
        "!!timestamp x",
        "!!timestamp 2026-99-99",
        "!!timestamp 2026-01-01",
        "!!binary aGk=",
        "!!set {a}",
        "!!omap [a: b]",
        "!!map [a]",
        "!!map a",
        "!!seq {a: b}",
        "!!str [a]",
        "!!python/object/apply:os.system [exit]",
        "!own a",
    ],
)
@pytest.mark.parametrize("form", ["{}", "- {}", "a:\n  - b: {}", '{{"a": [{}]}}'])
def test_what_json_could_not_have_given_is_refused_with_its_place(form: str, value: str) -> None:
    text = form.format(value)
    with pytest.raises(YamlError) as caught:
        parse_yaml(text)
    assert caught.value.line == text.count("\n") + 1
    assert len(caught.value.problem) < 120


def test_tags_of_json_are_taken() -> None:
    text = "[!!str 1, !!int 1, !!float 1.5, !!bool true, !!null null, !!seq [1], !!map {a: 1}]"
    assert parse_yaml(text) == ["1", 1, 1.5, True, None, [1], {"a": 1}]
