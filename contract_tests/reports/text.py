"""One fault as a few lines of text, from what is wrong to where the spec says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contract_tests.findings import clip

if TYPE_CHECKING:
    from contract_tests.reports.model import Fault

_WIDTH: Final = 600


def fault_text(fault: Fault) -> str:
    """What is wrong, expected, got, rule, the requests that show it, the place in the spec."""
    lines = [
        f"{fault.operation}: {fault.message}",
        f"  expected  {clip(fault.expected, _WIDTH)}",
        f"  got       {clip(fault.got, _WIDTH)}",
        f"  rule      {fault.rule}",
    ]
    for last in fault.steps[-1:]:
        if last.request_body is not None:
            lines.append(f"  body      {clip(last.request_body, _WIDTH)}")
        lines.append(f"  repeat    {clip(last.curl, 4 * _WIDTH)}")
    earlier = "reference" if fault.rule.startswith("compare.") else "before"
    lines += [f"  {earlier:<9} {clip(one.curl, 4 * _WIDTH)}" for one in fault.steps[:-1]]
    if fault.spec_pointer:
        lines.append(f"  spec      {fault.spec_pointer}")
    return "\n".join(lines)
