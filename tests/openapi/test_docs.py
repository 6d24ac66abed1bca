"""The reference documentation: one page that is whole, and needs nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from contract_tests.known.known import Known
from mock_server.query.criteria import CRITERIA
from openapi import load
from openapi.cli import main
from openapi.docs.page import chapters, render_page
from openapi.structure import operations

VOID = {"meta", "br", "hr"}


class Page(HTMLParser):
    """Ids, links, tags and text of a page, which must be well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given[key]) for key in ("href", "src") if key in given]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_page(load(), chapters()))


def test_everything_is_there_once(page: Page) -> None:
    wanted = {operation["operationId"] for _, _, operation in operations(load())}
    wanted |= {f"schema-{name}" for name in load()["components"]["schemas"]}
    assert wanted | {"filters", "deviations"} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_link_leads_somewhere_on_the_page(page: Page) -> None:
    assert page.links
    assert {link for link in page.links if link.removeprefix("#") not in page.ids} == set()


def test_nothing_is_fetched(page: Page) -> None:
    assert not page.tags & {"script", "link", "img", "iframe"}
    style = (Path(main.callback.__code__.co_filename).parent / "docs" / "style.css").read_text()
    assert not re.search(r"url\(|@import", style)


def test_every_example_is_shown(page: Page) -> None:
    text = "".join(page.texts)
    for example in load()["components"].get("examples", {}).values():
        assert example["summary"] in text


def test_every_operator_of_every_filter_has_a_meaning() -> None:
    [filters] = [chapter for chapter in chapters() if chapter["id"] == "filters"]
    assert {row[0] for row in filters["rows"]} == set(CRITERIA)
    assert [row for row in filters["rows"] if not row[2]] == []
    meanings = {(row[0], row[1]): row[2] for row in filters["rows"]}
    assert "is in the list" in meanings["deployments", "id.any_"]
    assert "at or before" in meanings["flow_runs", "start_time.before_"]
    assert "exactly one" in meanings["flow_runs", "state.type.any_"]


def test_every_known_deviation_is_told(page: Page) -> None:
    [known] = [chapter for chapter in chapters() if chapter["id"] == "deviations"]
    entries = Known.load("3.8.8").entries
    assert {f"`{entry.id}`" for entry in entries} <= {row[0] for row in known["rows"]}
    assert entries[0].id in page.texts


def test_text_is_no_html() -> None:
    document = {
        "openapi": "3.0.3",
        "info": {"title": "a <b> & c", "version": "1", "description": "<script>x</script> `d`"},
        "paths": {},
    }
    html = render_page(document, [])
    assert "<script>" not in html
    assert "a &lt;b&gt; &amp; c" in html
    assert "<code>d</code>" in html


def test_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "site"
    result = CliRunner().invoke(main, ["docs", "--out", str(folder)])
    assert result.exit_code == 0
    assert (folder / "index.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["docs", "--out", str(tmp_path / "file" / "site")])
    assert result.exit_code == 2
    assert "cannot be written" in result.output
