"""Parameters that stand for values; messages are a released server's."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.parameters.hydration import HydrationError, hydrate

VARIABLES = {"v": {"a": [1]}, "name": "v"}


def kind(name: str | None, **more: Any) -> dict[str, Any]:
    return {"__prefect_kind": name, **more}


def json(value: Any) -> dict[str, Any]:
    return kind("json", value=value)


def jinja(template: Any) -> dict[str, Any]:
    return kind("jinja", template=template)


def variable(name: Any) -> dict[str, Any]:
    return kind("workspace_variable", variable_name=name)


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (json('{"a": [1, null]}'), {"a": [1, None]}),
        (json(5), 5),
        (json(jinja("[{{ 1 + 1 }}]")), [2]),
        (jinja("{{ 1 + 1 }}"), "2"),
        (jinja("plain } text"), "plain } text"),
        (jinja("{{ nothing.at.all }}"), ""),
        (jinja("{{ [1, 2] | tojson }}"), "[1, 2]"),
        (jinja("{% for i in range(3) %}{{ i }}{% endfor %}"), "012"),
        (jinja(["no", "text"]), ["no", "text"]),
        (variable("v"), {"a": [1]}),
        (variable(variable("name")), {"a": [1]}),
        (kind("none", value=json("1")), 1),
        (kind("strange", value=json("1")), json("1")),
        (kind("strange"), None),
        (kind(None, value=3), 3),
        ([1, {"b": json("2")}], [1, {"b": 2}]),
        ({"a": json("1"), "gone": kind("json"), "b": kind("workspace_variable")}, {"a": 1}),
        ([1, kind("json"), 2], [1, 2]),
    ],
)
def test_values_that_are_made(value: Any, made: Any) -> None:
    assert hydrate({"p": value}, variables=VARIABLES) == {"p": made}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            json("{"),
            (
                "Invalid JSON: Expecting property name enclosed in double quotes:"
                " line 1 column 2 (char 1)"
            ),
        ),
        (kind("none"), "Missing 'value' key in __prefect object"),
        (kind("jinja"), "Missing 'template' key in __prefect object"),
        (variable("nope"), "Variable 'nope' not found in workspace."),
        (
            jinja("{{ x y }}"),
            "Invalid jinja: expected token 'end of print statement', got 'y'",
        ),
        (
            jinja("{{ 1 / 0 }}"),
            (
                "Invalid jinja: Failed to render template due to the following error:"
                " ZeroDivisionError('division by zero')"
            ),
        ),
        (
            jinja("{% for i in range(300) %}{% endfor %}"),
            (
                "Invalid jinja: Failed to render template due to the following error:"
                " OverflowError('Range too big. The sandbox blocks ranges larger than"
                " MAX_TEMPLATE_RANGE=100.')"
            ),
        ),
        (
            jinja("{% for i in [] %}{% endfor %}" * 11),
            (
                "Invalid jinja: Contains 11 for loops."
                " Templates can contain no more than 10 for loops."
            ),
        ),
        (
            jinja("{% for i in [] %}" * 3 + "{% endfor %}" * 3),
            (
                "Invalid jinja: Contains nested for loops at a depth of 3."
                " Templates can nest for loops no more than 2 loops deep."
            ),
        ),
    ],
)
def test_values_that_cannot_be_made(value: Any, message: str) -> None:
    with pytest.raises(HydrationError) as raised:
        hydrate({"p": value}, variables=VARIABLES)
    assert str(raised.value) == message


def test_parameters_that_are_a_value_themselves() -> None:
    assert hydrate(json('{"a": 1}'), variables={}) == {"a": 1}
    assert hydrate(kind("json"), variables={}) == {}
    with pytest.raises(HydrationError):
        hydrate(json("[1]"), variables={})


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ [].append(1) }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ [0] * 99999999 }}",
        "{{ range(10 ** 9) }}",
        5,
        None,
    ],
)
def test_the_sandbox_holds(template: Any) -> None:
    started = time.perf_counter()
    try:
        made = hydrate({"p": jinja(template)}, variables={})
    except HydrationError:
        made = {"p": ""}
    assert made == {"p": ""}
    assert time.perf_counter() - started < 1


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), plain))
def test_what_stands_for_nothing_else_stays_as_it_is(values: dict[str, Any]) -> None:
    assert hydrate(values, variables={}) == values
