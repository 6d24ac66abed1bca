"""The web UI's files on the mock, by builds made up here; tests/ui has browsers on real ones."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from mock_server import create_app
from mock_server.app import BASE_PATH
from mock_server.cli import main
from mock_server.web.ui_builds import WebUiError, find_builds
from mock_server.web.web_ui import PLACEHOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from mock_server.app import MockApp

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MARK = PLACEHOLDER.decode()
SECRET = "not to be read"


def make_build(folder: Path, name: str) -> None:
    assets = folder / "assets"
    assets.mkdir(parents=True)
    index = f'<!doctype html><title>{name}</title><script src="{MARK}/assets/app.js"></script>'
    (folder / "index.html").write_text(index)
    (assets / "app.js").write_text(f'const base = "{MARK}"')
    (folder / "ico").mkdir()
    (folder / "ico" / "favicon-32x32.png").write_bytes(b"\x89PNG" + PLACEHOLDER)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Site-packages with a prefect that has both builds, seen by each Python that is started."""
    package = tmp_path / "site" / "prefect"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "server.key").write_text(SECRET)
    make_build(package / "server" / "ui", "Vue")
    make_build(package / "server" / "ui-v2", "React")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.delenv("PREFECT_PYTHON", raising=False)
    return tmp_path / "site"


@pytest.fixture
def app(site: Path) -> MockApp:
    assert site.is_dir()
    return create_app(fixtures="empty", ui=sys.executable)


def get(app: MockApp, path: str, method: str = "GET", **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mock:4200") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


def test_the_settings_tell_both_uis_and_the_api_at_the_address_that_was_asked(app: MockApp) -> None:
    assert get(app, "/ui-settings").json() == {
        "api_url": "http://mock:4200/api",
        "csrf_enabled": False,
        "auth": None,
        "flags": [],
        "default_ui": "v2",
        "available_uis": ["v1", "v2"],
        "v1_base_url": "/",
        "v2_base_url": "/v2",
    }


@pytest.mark.parametrize("host", ["", "[::1", 'x"y', "a/b"])
def test_a_host_that_is_none_is_not_repeated(app: MockApp, host: str) -> None:
    told = get(app, "/ui-settings", headers={"host": host}).json()
    assert told["api_url"] == "http://mock:4200/api"


@pytest.mark.parametrize(
    ("path", "title", "base"),
    [
        ("/deployments", "Vue", ""),
        ("/deployments/deployment/1.5", "Vue", ""),
        ("/v2nd", "Vue", ""),
        ("/v2/", "React", "/v2"),
        ("/v2/deployments?tab=Runs", "React", "/v2"),
        ("/v2/api/x", "React", "/v2"),
    ],
)
def test_a_path_of_no_file_is_a_page_of_its_ui(
    app: MockApp, path: str, title: str, base: str
) -> None:
    response = get(app, path, headers=PAGE)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text == (
        f'<!doctype html><title>{title}</title><script src="{base}/assets/app.js"></script>'
    )


def test_files_have_the_base_in_place_of_the_placeholder(app: MockApp) -> None:
    for base in ("", "/v2"):
        response = get(app, f"{base}/assets/app.js")
        assert response.text == f'const base = "{base}"'
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_key_for_usage_reports_is_taken_out(site: Path) -> None:
    key = "0123456789abcdef" * 2
    script = site / "prefect" / "server" / "ui-v2" / "assets" / "app.js"
    script.write_text(f"function key(){{return`{key}`}}function id(){{return`{key}0`}}")
    app = create_app(fixtures="empty", ui=sys.executable)
    served = get(app, "/v2/assets/app.js").text
    assert served == f"function key(){{return``}}function id(){{return`{key}0`}}"


def test_what_is_no_text_is_left_alone(app: MockApp) -> None:
    response = get(app, "/ico/favicon-32x32.png")
    assert response.content == b"\x89PNG" + PLACEHOLDER
    assert response.headers["content-type"] == "image/png"
    assert get(app, "/favicon.ico").content == response.content


def test_files_are_read_once(app: MockApp, site: Path) -> None:
    before = get(app, "/assets/app.js")
    (site / "prefect" / "server" / "ui" / "assets" / "app.js").unlink()
    again = get(app, "/assets/app.js")
    assert again.content == before.content
    unchanged = get(app, "/assets/app.js", headers={"if-none-match": before.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@pytest.mark.parametrize("path", ["/assets/nope.js", "/v2/assets/nope.css", "/api", "/api/nope"])
def test_files_and_operations_that_are_not_there_are_not_found(app: MockApp, path: str) -> None:
    response = get(app, path)
    assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    "path",
    [
        "/../../server.key",
        "/%2e%2e/%2e%2e/server.key",
        "/..%2f..%2fserver.key",
        "/assets/../../../server.key",
        "/v2/..\\..\\server.key",
        "/v2//../../server.key",
        "/link.key",
        "//etc/passwd",
        "/linked/server.key",
    ],
)
@pytest.mark.parametrize("headers", [{}, PAGE])
def test_nothing_outside_the_folder_is_read(site: Path, path: str, headers: dict[str, str]) -> None:
    secret = site / "prefect" / "server.key"
    (site / "prefect" / "server" / "ui" / "link.key").symlink_to(secret)
    (site / "prefect" / "server" / "ui" / "linked").symlink_to(secret.parent)
    app = create_app(fixtures="empty", ui=sys.executable)
    response = asyncio.run(_raw(app, path, headers))
    assert SECRET not in response
    assert "root:" not in response


async def _raw(app: MockApp, path: str, headers: dict[str, str]) -> str:
    """The body for a path as it is: clients take dots out before they send."""
    from urllib.parse import unquote  # noqa: PLC0415

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "scheme": "http",
        "server": ("127.0.0.1", 1),
        "http_version": "1.1",
    }
    sent = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] in {200, 404}
    return b"".join(message.get("body", b"") for message in sent).decode()


def test_the_root_leads_to_the_ui_that_was_chosen(app: MockApp) -> None:
    usual = get(app, "/?a=1", headers=PAGE)
    assert (usual.status_code, usual.headers["location"]) == (307, "/v2/?a=1")
    chosen = get(app, "/", headers={**PAGE, "cookie": "prefect_ui_version=v1"})
    assert "Vue" in chosen.text
    unknown = get(app, "/", headers={**PAGE, "cookie": "prefect_ui_version=v9"})
    assert unknown.headers["location"] == "/v2/"
    assert "Vue" in get(app, "/").text
    assert get(app, "/v2").headers["location"] == "/v2/"


@pytest.mark.parametrize(("gone", "left", "base"), [("ui-v2", "v1", "/"), ("ui", "v2", "/v2")])
def test_one_build_is_served_alone(site: Path, gone: str, left: str, base: str) -> None:
    (site / "prefect" / "server" / gone / "index.html").unlink()
    app = create_app(fixtures="empty", ui=sys.executable)
    told = get(app, "/ui-settings").json()
    assert (told["available_uis"], told["default_ui"]) == ([left], left)
    assert told[f"{left}_base_url"] == base
    page = get(app, "/", headers=PAGE, follow_redirects=True)
    assert page.status_code == 200
    assert str(page.url) == f"http://mock:4200{base.rstrip('/')}/"


def test_the_api_is_as_without_it(app: MockApp) -> None:
    assert get(app, f"{BASE_PATH}/deployments/count", "POST", json={}).json() == 0
    assert get(app, f"{BASE_PATH}/deployments/count").status_code == 405
    assert get(app, f"{BASE_PATH}/deployments", "POST").status_code == 307
    assert get(app, "/deployments", "POST", headers=PAGE).status_code == 404


def test_without_the_option_there_are_no_pages() -> None:
    app = create_app(fixtures="empty")
    for path in ("/ui-settings", "/v2/"):
        assert get(app, path, headers=PAGE).status_code == 404


def test_the_builds_are_found_in_an_environment_an_interpreter_or_by_the_variable(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = site / "prefect" / "server"
    folders = [server / "ui", server / "ui-v2"]
    environment = tmp_path / "venv" / "bin"
    environment.mkdir(parents=True)
    (environment / "python").symlink_to(sys.executable)
    for python in (sys.executable, environment / "python", environment.parent):
        assert [build.folder for build in find_builds(python)] == folders
    monkeypatch.setenv("PREFECT_PYTHON", sys.executable)
    assert [build.folder for build in find_builds()] == folders
    monkeypatch.delenv("PREFECT_PYTHON")
    monkeypatch.syspath_prepend(site)
    assert [build.folder for build in find_builds()] == folders
    assert "prefect" not in sys.modules


def test_where_there_is_none_it_says_what_to_do(
    tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advice = r"pip install 'prefect-deployments-contract\[ui\]'.*--ui PYTHON.*PREFECT_PYTHON"
    with pytest.raises(WebUiError, match=f"no Python at .*nowhere.*{advice}"):
        find_builds(tmp_path / "nowhere")
    broken = tmp_path / "broken"
    broken.write_text("no program")
    with pytest.raises(WebUiError, match=f"is no Python that runs.*{advice}"):
        find_builds(broken)
    for name in ("ui", "ui-v2"):
        (site / "prefect" / "server" / name / "index.html").unlink()
    with pytest.raises(WebUiError, match=f"comes without a web UI.*{advice}"):
        find_builds(sys.executable)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(WebUiError, match=f"no prefect in this environment.*{advice}"):
        find_builds()


def test_the_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--port", "0", "--ui", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert result.output.startswith("Error: There is no Python at ")
