"""The command line: what it prints, where, and how it ends."""

import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from openapi import BUNDLE_FILE, ROOT_FILE, load
from openapi.bundle import bundle
from openapi.cli import main
from openapi.yaml_loader import parse_yaml


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="deployments-spec")


@pytest.fixture
def no_split_files(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Path("/nowhere/openapi.yaml")
    monkeypatch.setattr("openapi.subject.ROOT_FILE", nowhere)
    monkeypatch.setattr("openapi.writing.ROOT_FILE", nowhere)


@pytest.mark.parametrize(
    "command",
    [(), ("validate",), ("bundle",), ("diff",), ("drift",), ("check-traffic",), ("docs",)],
)
def test_help_fits_a_screen_and_shows_an_example(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    lines = result.output.splitlines()
    assert result.exit_code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "Example" in result.output
    assert "  deployments-spec " in result.output


def test_help_imports_no_validator() -> None:
    code = (
        "import sys, openapi.cli\n"
        "heavy = {'openapi_core', 'openapi_spec_validator', 'prance', 'jsonschema_rs', 'yaml'}\n"
        "sys.exit(bool(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version() -> None:
    assert re.fullmatch(r"deployments-spec, version \d+\.\d+\.\d+\n", run("--version").output)


def test_the_list_of_commands_cuts_no_sentence() -> None:
    assert "..." not in run("--help").output.partition("Commands:")[2]


def test_validate_says_that_our_document_is_valid() -> None:
    result = run("validate")
    assert result.exit_code == 0
    assert re.search(r"openapi\.yaml: valid \(\d+ operations on \d+ paths", result.output)


def test_validate_as_json() -> None:
    result = run("validate", "--format", "json", str(BUNDLE_FILE))
    assert result.exit_code == 0
    assert json.loads(result.output) == {"subject": str(BUNDLE_FILE), "findings": []}


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    file = tmp_path / "spoilt.yaml"
    text = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\nextra: 1\n"
    file.write_text(text, encoding="utf-8")
    return file


def test_findings_as_text(spoilt: Path) -> None:
    result = run("validate", str(spoilt))
    assert result.exit_code == 1
    first, *_, last = result.output.splitlines()
    assert first.startswith(f"{spoilt}:4:1: error structure: The key 'extra' is unknown here.")
    assert last.startswith(f"{spoilt}: 1 finding in 1 file (0 operations on 0 paths")


def test_findings_as_json(spoilt: Path) -> None:
    result = run("validate", "--format", "json", str(spoilt))
    assert result.exit_code == 1
    [finding] = json.loads(result.output)["findings"]
    assert finding["message"].startswith("The key 'extra' is unknown here.")
    del finding["message"]
    assert len(finding.pop("fingerprint")) == 16
    assert finding == {
        "code": "structure",
        "severity": "error",
        "file": str(spoilt),
        "line": 4,
        "column": 1,
        "pointer": "",
    }


def write(folder: Path, content: bytes) -> str:
    file = folder / "given.yaml"
    file.write_bytes(content)
    return str(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a: [", "is neither YAML nor JSON: line "),
        (b"a: 1\na: 2", "is neither YAML nor JSON: line 2, column 1: the key 'a' stands twice"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"", "is no OpenAPI 3 document: it has no key `openapi`"),
        (b"[]", "is no OpenAPI 3 document: it has no key `openapi`"),
        (b"swagger: '2.0'", "is no OpenAPI 3 document: it is a Swagger 2.0 document"),
        (b"openapi: 3.2.0", "says openapi: 3.2.0; what can be read is 3.0.x and 3.1.x"),
        (b"openapi: 3", "says openapi: 3; what can be read is 3.0.x and 3.1.x"),
    ],
)
def test_what_is_no_document_is_told_in_one_sentence(
    tmp_path: Path, content: bytes, says: str
) -> None:
    name = write(tmp_path, content)
    result = run("validate", name)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {name} {says}")
    assert len(result.stderr.splitlines()) == 1


def test_what_is_not_there(tmp_path: Path) -> None:
    for name in (str(tmp_path / "none.yaml"), str(tmp_path)):
        result = run("validate", name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Error: {name} cannot be read: ")


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/openapi.json"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(BUNDLE_FILE.read_bytes() if found else b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url(site: str) -> None:
    result = run("validate", f"{site}/openapi.json")
    assert result.exit_code == 0
    assert result.output.startswith(f"{site}/openapi.json: valid (")
    missing = run("validate", f"{site}/none.json")
    assert missing.exit_code == 2
    assert "404" in missing.stderr
    assert run("validate", "http://127.0.0.1:1/x").exit_code == 2


def test_bundle_as_yaml() -> None:
    result = run("bundle")
    assert result.exit_code == 0
    assert parse_yaml(result.output) == bundle(ROOT_FILE)
    kinds = {type(token) for token in yaml.scan(result.output)}
    assert not kinds & {yaml.AnchorToken, yaml.AliasToken, yaml.TagToken}
    # Text is folded, so that long lines are only those that cannot be.
    assert sum(len(line) > 110 for line in result.output.splitlines()) < 20
    assert run("bundle").output == result.output


def test_any_reader_of_yaml_reads_the_same() -> None:
    assert yaml.safe_load(run("bundle").output) == bundle(ROOT_FILE)


def test_bundle_as_json() -> None:
    result = run("bundle", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.output) == bundle(ROOT_FILE)


def test_an_edit_shows_in_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "spec"
    shutil.copytree(ROOT_FILE.parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr("openapi.writing.ROOT_FILE", folder / "openapi.yaml")
    file = folder / "paths" / "hello.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("Say hello", "Wave"), encoding="utf-8")
    assert "summary: Wave" in run("bundle").output
    file.write_text("get: {$ref: nowhere.yaml#/Nothing}\nparameters: [", encoding="utf-8")
    result = run("bundle")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "hello.yaml" in result.stderr
    assert "Mend the YAML." in result.stderr


@pytest.mark.usefixtures("no_split_files")
def test_without_the_split_files_the_bundle_serves() -> None:
    result = run("validate")
    assert result.exit_code == 0
    assert "bundle.json: valid (" in result.output
    assert parse_yaml(run("bundle").output) == load()


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "openapi", "validate", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert result.stdout.startswith("Usage: python -m openapi validate")


@pytest.mark.parametrize("argument", ["--format", "--nope", "frobnicate"])
def test_a_wrong_command_line(argument: str) -> None:
    assert run(argument).exit_code == 2
