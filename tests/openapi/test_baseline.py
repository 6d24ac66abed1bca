"""Fingerprints, baselines, and the forms for code hosts."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from openapi.cli import main
from openapi.validate import validate

DOCUMENT = """\
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /name:
    get:
      summary: A name
      parameters:
        - {name: depth, in: query, description: How deep to look., schema: {type: integer}}
        - {name: width, in: query, schema: {type: integer}}
      responses:
        200: {description: 'It is 100%.'}
        400: {description: Refused.}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(part) for part in arguments], prog_name="deployments-spec")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "given.yaml"
    file.write_text(DOCUMENT, encoding="utf-8")
    return file


def marks(file: Path) -> dict[str, str]:
    return {finding.code: finding.fingerprint for finding in validate(str(file)).findings}


def test_a_fingerprint_outlives_lines_and_places_in_lists(spec: Path) -> None:
    before = marks(spec)
    assert set(before) == {"operation-id-missing", "description-missing"}
    text = DOCUMENT.replace("      summary", "      # moved\n      summary").replace(
        "      parameters:\n", "      parameters:\n        - {name: a, in: query, description: New,"
        " schema: {type: string}}\n"
    )  # fmt: skip
    spec.write_text(text, encoding="utf-8")
    assert marks(spec) == before
    spec.write_text(DOCUMENT.replace("width", "height"), encoding="utf-8")
    assert marks(spec)["description-missing"] != before["description-missing"]


def test_a_baseline_holds_back_what_it_knows(spec: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    missing = run("validate", spec, "--baseline", file)
    assert missing.exit_code == 2
    assert "--baseline-update makes it" in missing.stderr
    assert run("validate", spec, "--baseline", file, "--baseline-update").exit_code == 0
    known = run("validate", spec, "--baseline", file)
    assert known.exit_code == 0
    assert "nothing new (1 operation on 1 path in 1 file; 2 known by the baseline)" in known.output
    spec.write_text(DOCUMENT.replace("      summary: A name\n", ""), encoding="utf-8")
    new = run("validate", spec, "--baseline", file)
    assert new.exit_code == 1
    assert new.output.count("description-missing") == 1
    described = DOCUMENT.replace("width, in", "width, description: How far to look., in")
    spec.write_text(described, encoding="utf-8")
    assert "1 entry of it no longer found" in run("validate", spec, "--baseline", file).output


def test_an_update_keeps_what_people_wrote(spec: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    run("validate", spec, "--baseline", file, "--baseline-update")
    content = json.loads(file.read_text(encoding="utf-8"))
    content["findings"][0]["reason"] = "The vendor's name."
    file.write_text(json.dumps(content), encoding="utf-8")
    run("validate", spec, "--baseline", file, "--baseline-update")
    [first, second] = json.loads(file.read_text(encoding="utf-8"))["findings"]
    assert first["reason"] == "The vendor's name."
    assert "reason" not in second


@pytest.mark.parametrize("content", ["[]", "{}", "nonsense", '{"version": 2, "findings": []}'])
def test_what_is_no_baseline_is_not_overwritten(spec: Path, tmp_path: Path, content: str) -> None:
    file = tmp_path / "known.json"
    file.write_text(content, encoding="utf-8")
    result = run("validate", spec, "--baseline", file, "--baseline-update")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert file.read_text(encoding="utf-8") == content


def test_an_update_needs_a_file(spec: Path) -> None:
    assert run("validate", spec, "--baseline-update").exit_code == 2


SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"version": {"const": "2.1.0"}},
}


def test_sarif_names_rule_place_and_fingerprint(spec: Path) -> None:
    result = run("validate", spec, "--format", "sarif")
    assert result.exit_code == 1
    log = json.loads(result.output)
    jsonschema.validate(log, SARIF)
    [sarif] = log["runs"]
    rules = sarif["tool"]["driver"]["rules"]
    for one in sarif["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] == "warning"
        assert one["partialFingerprints"]["finding/v1"] in marks(spec).values()
        [place] = one["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == spec.as_uri()
        assert place["physicalLocation"]["region"]["startLine"] >= 5
    assert {rule["id"] for rule in rules} == set(marks(spec))


def test_annotations_of_github_are_one_line_each(spec: Path) -> None:
    head, _, tail = DOCUMENT.rpartition("{type: integer}")
    spec.write_text(f"{head}{{type: integer, default: '%'}}{tail}", encoding="utf-8")
    lines = run("validate", spec, "--format", "github").output.splitlines()
    assert len(lines) == 3
    start = f"::warning file={spec},line=5,col=5,title=operation-id-missing::"
    assert lines[0].startswith(start)
    assert "::error file=" in "".join(lines)
    assert "%25" in "".join(lines)
