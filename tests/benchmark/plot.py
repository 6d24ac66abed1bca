"""The cost of a page against the number of deployments, as an SVG of its own making."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10
from typing import Final

Curves = dict[str, dict[str, float]]

WIDTH: Final = 860
HEIGHT: Final = 480
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 40, 50
COLOURS: Final = (
    *("#1b6ca8", "#c8553d", "#3d8361", "#8d5a97", "#d19c1d", "#4f6d7a", "#a23b72", "#2e86ab"),
    *("#6b4226", "#5c5c5c"),
)
STYLE: Final = (
    "text{font:12px sans-serif;fill:#333}line{stroke:#ddd}polyline{fill:none;stroke-width:2}"
)


def svg(
    curves: Curves,
    *,
    title: str = "Milliseconds of processor time of an answer, by number of deployments",
) -> str:
    """A plot with both axes logarithmic.

    Args:
        curves: name -> size -> milliseconds.
        title: stands above.
    """
    sizes = [int(size) for size in next(iter(curves.values()))]
    times = [time for curve in curves.values() for time in curve.values()]
    x_axis = _Axis(log10(min(sizes)), log10(max(sizes)), LEFT, WIDTH - RIGHT)
    y_axis = _Axis(floor(log10(min(times))), ceil(log10(max(times))), HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="24" style="font-weight:bold">{escape(title)}</text>',
        *(_tick_x(x_axis.at(size), f"{size:,}") for size in sizes),
        *(_tick_y(y_axis, power) for power in range(int(y_axis.low), int(y_axis.high) + 1)),
    ]
    for number, (name, curve) in enumerate(curves.items()):
        points = [(x_axis.at(int(size)), y_axis.at(time)) for size, time in curve.items()]
        parts += _curve(number, name, points)
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """From a value to its place, by its logarithm."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, max(high, low + 1e-9)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (log10(value) - self.low) / (self.high - self.low)
        return round(self._start + share * (self._end - self._start), 1)


def _tick_x(x: float, label: str) -> str:
    low = HEIGHT - BOTTOM
    return (
        f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{low}"/>'
        f'<text x="{x}" y="{low + 20}" text-anchor="middle">{label}</text>'
    )


def _tick_y(axis: _Axis, power: int) -> str:
    y = axis.at(10.0**power)
    return (
        f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g} ms</text>'
    )


def _curve(number: int, name: str, points: list[tuple[float, float]]) -> list[str]:
    colour = COLOURS[number % len(COLOURS)]
    line = " ".join(f"{x},{y}" for x, y in points)
    y = TOP + 16 + 20 * number
    x = WIDTH - RIGHT + 16
    return [
        f'<polyline points="{line}" stroke="{colour}"/>',
        *(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points),
        f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/>',
        f'<text x="{x + 16}" y="{y}">{escape(name)}</text>',
    ]
