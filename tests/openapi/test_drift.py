"""What differs from a server's document is explained, of another version, or told."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from openapi import load
from openapi.cli import main
from openapi.drift import Difference, differences, without_base_path
from openapi.drift_review import Pattern, Reviewed, load_review, sort_out

VERDICTS = {"document", "equal", "scope"}


def told(theirs: dict[str, Any]) -> set[tuple[str, str]]:
    return {(found.code, str(found)) for found in differences(load(), theirs)}


@pytest.fixture
def theirs() -> dict[str, Any]:
    return copy.deepcopy(load())


def test_a_document_does_not_differ_from_itself(theirs: dict[str, Any]) -> None:
    assert told(theirs) == set()


def test_what_ours_lacks_is_missing(theirs: dict[str, Any]) -> None:
    schemas = theirs["components"]["schemas"]
    schemas["DeploymentResponse"]["properties"]["color"] = {"type": "string"}
    schemas["DeploymentFilter"]["properties"]["color"] = {"type": "object"}
    schemas["DeploymentStatus"]["enum"].append("PAUSED")
    theirs["paths"]["/deployments/count"]["get"] = {"responses": {"200": {"description": "x"}}}
    theirs["paths"]["/deployments/count"]["post"]["responses"]["418"] = {"description": "x"}
    assert told(theirs) == {
        ("response-optional-property-missing", "DeploymentResponse.color"),
        ("request-optional-property-missing", "DeploymentFilter.color"),
        ("response-enum-value-missing", 'DeploymentStatus: "PAUSED"'),
        ("operation-missing", "GET /deployments/count"),
        ("refusal-missing", "count_deployments: 418"),
    }


def test_what_theirs_lacks_is_extra_and_contradictions_are_other(theirs: dict[str, Any]) -> None:
    schemas = theirs["components"]["schemas"]
    del schemas["DeploymentResponse"]["properties"]["tags"]
    schemas["DeploymentResponse"]["required"].remove("tags")
    schemas["DeploymentsFilterBody"]["properties"]["limit"]["maximum"] = 100
    schemas["DeploymentsFilterBody"]["properties"]["limit"]["default"] = 50
    del theirs["paths"]["/deployments/count"]
    assert told(theirs) == {
        ("response-required-property-extra", "DeploymentResponse.tags"),
        (
            "request-upper-bound-other",
            "DeploymentsFilterBody.limit: maximum document 100, spec 200",
        ),
        ("request-default-other", "DeploymentsFilterBody.limit: document 50, spec 200"),
        ("operation-extra", "count_deployments"),
    }


def test_a_required_property_with_a_default_is_seen(theirs: dict[str, Any]) -> None:
    body = theirs["components"]["schemas"]["DeploymentsFilterBody"]
    body["required"] = ["limit"]
    assert told(theirs) == {("request-property-required-missing", "DeploymentsFilterBody.limit")}


def test_a_keyword_that_is_not_compared_is_told(theirs: dict[str, Any]) -> None:
    schema = theirs["components"]["schemas"]["DeploymentFilterTags"]
    schema["minContains"] = 2
    schema["x-note"] = 2
    theirs["components"]["schemas"]["Unused"] = {"minContains": 2}
    assert told(theirs) == {("keyword-missing", "DeploymentFilterTags: minContains 2")}


def test_paths_lose_their_base(theirs: dict[str, Any]) -> None:
    theirs["paths"] = {f"/some/api{path}": item for path, item in theirs["paths"].items()}
    assert without_base_path(theirs, load())["paths"].keys() == load()["paths"].keys()


DIFFERENCE = Difference("request-null-extra", "Thing.a", "now null", ("POST /x",), "3.4.0")
LIST = Reviewed("one", "document", "Because.", (Pattern("request-null-extra", "Thing.a*"),))


def test_what_is_listed_is_explained_and_what_is_not_is_told() -> None:
    other = Difference("response-null-extra", "Thing.a", "now null", ())
    behind = Difference("request-null-missing", "Thing.a", "", ())
    result = sort_out([DIFFERENCE, other, behind], [LIST])
    assert result.reviewed == {"one": [DIFFERENCE]}
    assert (result.ahead, result.behind, result.idle) == ([other], [behind], [])
    assert not result.is_clean


def test_an_entry_without_a_match_is_told() -> None:
    result = sort_out([], [LIST])
    assert result.idle == [("one", LIST.patterns[0])]
    assert not result.is_clean


@pytest.mark.parametrize(("version", "later"), [("3.3.9", 1), ("3.4.0", 0), ("", 0), ("odd", 0)])
def test_what_a_later_version_brought_needs_no_explanation(version: str, later: int) -> None:
    assert len(sort_out([DIFFERENCE], [], version).later) == later


def test_a_pattern_is_taken_literally_but_for_stars() -> None:
    found = Difference("a", "Thing.items[]|0", "x.y", ())
    assert Pattern("a", "Thing.items[]|0: *.y").matches(found)
    assert not Pattern("a", "Thing.items[]|0").matches(found)
    assert not Pattern("b", "*").matches(found)


def test_the_list_is_reviewed() -> None:
    review = load_review()
    assert len({entry.id for entry in review}) == len(review)
    for entry in review:
        assert entry.verdict in VERDICTS
        assert entry.reason.endswith(".")
        assert entry.patterns
        assert bool(entry.proof) != bool(entry.unproven), entry.id


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["drift", *arguments])


def test_the_command_tells_and_fails(theirs: dict[str, Any], tmp_path: Path) -> None:
    theirs["components"]["schemas"]["DeploymentStatus"]["enum"].append("PAUSED")
    theirs["info"]["version"] = "9.9.9"
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(theirs))
    result = run(str(file))
    assert result.exit_code == 1
    assert 'response-enum-value-missing  DeploymentStatus: "PAUSED"  [' in result.output
    assert "(server 9.9.9): 1 difference unexplained" in result.output
    assert "match nothing any more" in result.output
    told = json.loads(run(str(file), "--format", "json").output)
    assert told["version"] == "9.9.9"
    assert [found["detail"] for found in told["behind"]] == ['"PAUSED"']


@pytest.mark.parametrize("target", ["nothing-here.json", "http://127.0.0.1:9/api", __file__])
def test_what_cannot_be_read_ends_with_two(target: str) -> None:
    result = run(target)
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
