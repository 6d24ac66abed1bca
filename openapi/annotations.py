"""Findings in the forms that code hosts read: SARIF 2.1.0, and commands of GitHub's workflows."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePath
from typing import Any

from openapi.findings import Finding, Rule

__all__ = ["render_github", "render_sarif"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_DISTRIBUTION = "prefect-deployments-contract"
_LEVELS: Mapping[str, str] = {"error": "error", "warning": "warning", "info": "note"}
_COMMANDS: Mapping[str, str] = {"error": "error", "warning": "warning", "info": "notice"}


def _uri(file: str) -> str:
    """A file as SARIF wants it: relative paths as they are, absolute ones as file URIs."""
    if "://" in file:
        return file
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else path.as_posix()


def _result(finding: Finding, indexes: Mapping[str, int]) -> dict[str, Any]:
    region = {"startLine": finding.line, "startColumn": finding.column}
    place: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(finding.file)}, "region": region}
    }
    if finding.pointer:
        place["logicalLocations"] = [{"fullyQualifiedName": f"#{finding.pointer}"}]
    return {
        "ruleId": finding.code,
        "ruleIndex": indexes[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [place],
        "partialFingerprints": {"finding/v1": finding.fingerprint},
    }


def render_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule]) -> str:
    """The findings as one run in a SARIF log, with those of the rules that were broken."""
    codes = [code for code in rules if any(finding.code == code for finding in findings)]
    indexes = {code: index for index, code in enumerate(codes)}
    described = [
        {
            "id": code,
            "shortDescription": {"text": rules[code].says},
            "help": {"text": rules[code].remedy},
            "defaultConfiguration": {"level": _LEVELS[rules[code].severity]},
        }
        for code in codes
    ]
    driver = {"name": "deployments-spec", "version": version(_DISTRIBUTION), "rules": described}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, indexes) for finding in findings],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_github(findings: Sequence[Finding]) -> str:
    """The findings as workflow commands, which GitHub shows beside the lines of a change."""
    lines = [
        f"::{_COMMANDS[finding.severity]} file={_property(finding.file)},line={finding.line},"
        f"col={finding.column},title={_property(finding.code)}::{_data(finding.message)}\n"
        for finding in findings
    ]
    return "".join(lines)
