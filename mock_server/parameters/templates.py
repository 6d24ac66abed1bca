"""Jinja templates of clients, rendered in a sandbox."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jinja2 import ChainableUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from jinja2.runtime import Context

MAX_RANGE: Final = 100
MAX_LOOPS: Final = 10
MAX_LOOP_DEPTH: Final = 2
MAX_OPERAND: Final = 10_000
"""The largest number, and the longest text, that a template may multiply or raise to a power."""


class TemplateError(Exception):
    """A template that cannot be read or rendered; the message says why."""


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for operand in (left, right):
            size = abs(operand) if isinstance(operand, (int, float)) else len(operand)
            if size > MAX_OPERAND:
                raise OverflowError(f"The sandbox blocks {operator} with more than {MAX_OPERAND}.")
        return super().call_binop(context, operator, left, right)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise OverflowError(
            f"Range too big. The sandbox blocks ranges larger than MAX_TEMPLATE_RANGE={MAX_RANGE}."
        )
    return numbers


@cache
def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=ChainableUndefined)
    environment.globals["range"] = _range
    return environment


def check_template(template: object) -> None:
    """Check that a template can be read, and that its loops are few.

    Raises:
        TemplateError: it cannot, or they are not; in the released server's words.
    """
    try:
        root = _environment().parse(str(template))
    except TemplateSyntaxError as error:
        raise TemplateError(str(error)) from error
    loops = list(root.find_all(nodes.For))
    if len(loops) > MAX_LOOPS:
        raise TemplateError(
            f"Contains {len(loops)} for loops."
            f" Templates can contain no more than {MAX_LOOPS} for loops."
        )
    depth = max(map(_depth, loops), default=0)
    if depth > MAX_LOOP_DEPTH:
        raise TemplateError(
            f"Contains nested for loops at a depth of {depth}."
            f" Templates can nest for loops no more than {MAX_LOOP_DEPTH} loops deep."
        )


def _depth(node: nodes.Node) -> int:
    below = max(map(_depth, node.iter_child_nodes()), default=0)
    return below + isinstance(node, nodes.For)


def render(template: str) -> str:
    """The text that a template makes of nothing but itself.

    Raises:
        TemplateError: it fails; in the released server's words.
    """
    if "{{" not in template and "{%" not in template:
        return template
    try:
        return _environment().from_string(template).render()
    except Exception as error:  # the template is the client's: whatever it does, it has failed
        raise TemplateError(
            f"Failed to render template due to the following error: {error!r}"
        ) from error
