"""Checks of a page's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contract_tests.findings import Finding

if TYPE_CHECKING:
    from contract_tests.rules.filters import Reading


def page(reading: Reading, limit: int, number: int) -> Finding | None:
    """Judge an answer of paginate: its numbers, then its rows.

    Args:
        reading: the answer.
        limit: as requested, or its default.
        number: the page requested, or its default.
    """
    body = reading.body()
    if isinstance(body, Finding):
        return body
    if not isinstance(body, dict):
        return reading.breach("filters.accepted", "answers no page", "an object", body)
    got, offset = body.get("results"), (number - 1) * limit
    return (
        reading.ignored(got, offset, limit)  # then its numbers are likely to be wrong as well
        or numbers(reading, body, limit, number)
        or reading.rows(got, offset, limit)
    )


def numbers(reading: Reading, body: dict[str, Any], limit: int, number: int) -> Finding | None:
    """Judge `count`, `pages`, `limit` and `page` of an answer."""
    right = len(reading.expected.rows)
    says = reading.expected.says or "no filter"
    if body.get("count") != right:
        message = f"`count` of a page is wrong: {says}"
        return reading.breach("pages.count", message, right, body.get("count"))
    pages = page_count(right, limit)
    if body.get("pages") != pages:
        message = "`pages` is not the number of pages"
        about = "no rows" if right == 0 else "limit 0" if limit == 0 else "rounding"
        told = f"{pages} for count {right}, limit {limit}"
        return reading.breach("pages.pages", message, told, body.get("pages"), about=about)
    for key, asked in (("limit", limit), ("page", number)):
        if body.get(key) != asked:
            message = f"`{key}` of a page is not the one asked for"
            return reading.breach("pages.echo", message, asked, body.get(key), about=key)
    return None


def page_count(count: int, limit: int) -> int:
    """How many pages of `limit` rows hold `count` rows; none when the limit is 0."""
    return -(-count // limit) if limit else 0
