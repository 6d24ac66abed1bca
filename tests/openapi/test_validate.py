"""Each way to break the split files is told at the file and line where it was broken."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import prance  # type: ignore[import-untyped]  # it brings no types
import pytest
from openapi_core import OpenAPI

from openapi import BUNDLE_FILE, ROOT_FILE, load
from openapi.findings import Finding, Severity
from openapi.rules import RULES
from openapi.structure import METHODS
from openapi.validate import Report, validate

Break = Callable[[str, str, str], tuple[str, int]]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A copy of the split files."""
    folder = tmp_path / "spec"
    shutil.copytree(ROOT_FILE.parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


def broken(spec: Path, file: str, old: str, new: str, nth: int = 0) -> int:
    """Replace one occurrence of a text in a file; the line on which the new text begins."""
    path = spec / file
    text = path.read_text(encoding="utf-8")
    start = -1
    for _ in range(nth + 1):
        start = text.index(old, start + 1)
    path.write_text(text[:start] + new + text[start + len(old) :], encoding="utf-8")
    leading = len(new) - len(new.lstrip("\n"))
    return text[:start].count("\n") + 1 + leading


def found(spec: Path) -> tuple[Finding, ...]:
    return validate(str(spec / "openapi.yaml")).findings


def places(findings: Sequence[Finding]) -> list[tuple[str, str, int]]:
    return [(f.code, Path(f.file).name, f.line) for f in findings]


def errors(file: Path) -> list[tuple[str, str, int]]:
    return places([f for f in validate(str(file)).findings if f.severity is Severity.ERROR])


def test_our_own_document_is_valid() -> None:
    report = validate()
    assert report.findings == ()
    paths = load()["paths"]
    count = sum(len(item.keys() & METHODS) for item in paths.values())
    assert f"{count} operations on {len(paths)} paths" in report.looked_at


def test_the_bundle_is_valid_too() -> None:
    assert validate(str(BUNDLE_FILE)).findings == ()


def test_the_libraries_accept_the_bundle_by_themselves() -> None:
    """What `validate` spares itself for speed: each library's own way through, in full."""
    OpenAPI.from_dict(load())
    parser = prance.ResolvingParser(
        spec_string=json.dumps(load()),
        backend="openapi-spec-validator",
        recursion_limit=1,
        recursion_limit_handler=lambda *_: {},
        lazy=True,
    )
    parser.parse()
    assert parser.specification["paths"].keys() == load()["paths"].keys()


FLOWS = "schemas/flows.yaml"
EXAMPLES = "examples/flows.yaml"
CREATE = "paths/flows.yaml"


@pytest.mark.parametrize(
    ("code", "file", "old", "new"),
    [
        ("ref-unresolved", CREATE, "flows.yaml#/FlowCreate", "flows.yaml#/FlowCreat"),
        ("file-unreadable", CREATE, "schemas/flows.yaml#/FlowCreate", "schemas/fows.yaml#/Flow"),
        ("ref-malformed", CREATE, "$ref: ../schemas/flows.yaml#/FlowCreate", "$ref: 5"),
        ("ref-malformed", CREATE, "schemas/flows.yaml#/FlowCreate", "schemas/flows.yaml"),
        ("ref-remote", CREATE, "../schemas/flows.yaml#/FlowCreate", "https://example.com/f#/F"),
        ("structure", FLOWS, "type: string\n      format: uuid", "typ: string"),
        ("structure", FLOWS, "type: string\n      format: uuid", "type: strin"),
        ("structure", FLOWS, "items: {type: string}", "items: 5"),
        ("structure", CREATE, "operationId: create_flow", "operationID: create_flow"),
        ("structure", CREATE, "required: true\n    content", "required: maybe\n    content"),
        ("structure", "paths/flows_name.yaml", "in: path", "in: road"),
        ("structure", "openapi.yaml", "title: Prefect deployment API", "titel: Prefect"),
        ("operation-id-duplicate", "paths/variables_id.yaml", "Id: read_variable", "Id: read_flow"),
        ("link-target-unknown", CREATE, "operationId: read_flow", "operationId: red_flow"),
        ("path-parameter-unused", "paths/flows_name.yaml", "- name: name", "- name: title"),
        ("pattern-invalid", FLOWS, "pattern: '^[^/%&><]+$'", "pattern: '^[^/%&><+$'"),
        ("example-invalid", EXAMPLES, "tags: [etl]", "tags: etl"),
        ("example-invalid", EXAMPLES, "id: 5d3c1f0e-8f6a-4a57-9d0b-2f1f8f0a6c11", "id: nope"),
        ("example-invalid", FLOWS, "      pattern: ", "      example: 5\n      pattern: "),
        ("example-invalid", "paths/hello.yaml", 'example: "\\U0001F44B"', "example: 5"),
        ("example-invalid", EXAMPLES, "{all_: [etl]}", "{al_: [etl]}"),
        ("default-invalid", "schemas/work_pools.yaml", "default: false", "default: 'no'"),
        ("ref-siblings", "paths/flows_id.yaml", "- $ref: ../parameters.yaml#/ApiVersion",
         "- $ref: ../parameters.yaml#/ApiVersion\n    description: Not heeded"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_at_its_line(
    spec: Path, code: str, file: str, old: str, new: str
) -> None:
    line = broken(spec, file, old, new)
    findings = found(spec)
    assert (code, Path(file).name, line) in places(findings)
    for finding in findings:
        assert finding.severity is RULES[finding.code].severity
        assert finding.message.endswith((".", "?"))
        assert finding.column >= 1


def test_a_missing_key_is_told_at_its_object(spec: Path) -> None:
    line = broken(spec, "responses.yaml", "description: Done. There is no body.", "x-none: true")
    [finding] = found(spec)
    assert places([finding]) == [("structure", "responses.yaml", line - 1)]
    assert finding.message == "The key 'description' is missing. Add it."


def test_a_finding_says_what_to_do(spec: Path) -> None:
    broken(spec, FLOWS, "type: string\n      format: uuid", "typ: string\n      format: uuid")
    [finding] = found(spec)
    assert finding.message == "The key 'typ' is unknown here. Did you mean 'type'?"
    assert finding.pointer == "/Flow/properties/id"
    assert finding.file.endswith("schemas/flows.yaml")
    assert str(finding).startswith(
        f"{finding.file}:{finding.line}:{finding.column}: error structure"
    )


def test_a_path_in_a_message_stays_as_it_is(spec: Path) -> None:
    broken(spec, "paths/flows_name.yaml", "schemas/flows.yaml#/Flow", "schemas/flows.yaml#/Floe")
    [finding] = [f for f in found(spec) if f.code == "ref-unresolved"]
    assert finding.message.startswith("schemas/flows.yaml#/Floe does not exist: ")


def test_a_syntax_error_is_told_where_the_parser_met_it(spec: Path) -> None:
    line = broken(
        spec, FLOWS, "  type: object\n  required: [id", "  type: [object\n  required: [id"
    )
    findings = found(spec)
    assert [f.code for f in findings if f.file.endswith("flows.yaml")] == ["yaml-syntax"]
    [finding] = [f for f in findings if f.code == "yaml-syntax"]
    assert line <= finding.line <= line + 2
    assert finding.message.endswith("Mend the YAML.")


def test_a_key_that_stands_twice_is_told_where_it_stands_again(spec: Path) -> None:
    text = "      type: string\n      format: uuid\n"
    line = broken(spec, FLOWS, text, text + "      type: string\n")
    again = broken(spec, FLOWS, "  enum: [CREATED", "  type: string\n  enum: [CREATED")
    findings = [f for f in found(spec) if f.code == "yaml-duplicate-key"]
    assert [f.line for f in findings] == [line + 2, again]


def test_names_that_clash_are_told_at_the_second_reference(spec: Path) -> None:
    (spec / "schemas/other.yaml").write_text("Flow:\n  type: object\n", encoding="utf-8")
    old, new = "schemas/flows.yaml#/Flow", "schemas/other.yaml#/Flow"
    line = broken(spec, "paths/flows_name.yaml", old, new)
    [clash] = [f for f in found(spec) if f.code == "name-clash"]
    assert clash.file.endswith("flows_name.yaml") or clash.file.endswith("flows.yaml")
    assert line > 0
    assert "other.yaml" in clash.message


def test_a_path_without_its_parameter_is_told_at_each_operation(spec: Path) -> None:
    broken(spec, "openapi.yaml", "/flows/{id}:", "/flows/{flow_id}:")
    codes = [f.code for f in found(spec)]
    assert codes.count("path-parameter-undeclared") == 3
    assert codes.count("path-parameter-unused") == 1


def test_what_nothing_references_is_a_warning(spec: Path) -> None:
    with (spec / FLOWS).open("a", encoding="utf-8") as file:
        file.write("\nForgotten:\n  type: object\n")
    [finding] = found(spec)
    assert (finding.code, finding.severity) == ("unused", "warning")
    assert finding.line == len((spec / FLOWS).read_text(encoding="utf-8").splitlines()) - 1


def test_what_only_a_library_sees_is_told_at_its_schema(spec: Path) -> None:
    text = "ErrorDetail:\n"
    more = "Odd:\n  allOf: [{type: object}]\n  required: [detail]\n\n"
    line = broken(spec, "schemas/errors.yaml", text, more + text)
    broken(spec, "responses.yaml", "schemas/errors.yaml#/ErrorDetail", "schemas/errors.yaml#/Odd")
    findings = found(spec)
    assert ("refused-by-openapi-spec-validator", "errors.yaml", line) in places(findings)
    assert any("detail" in finding.message for finding in findings)


def test_all_faults_come_in_one_run_and_in_reading_order(spec: Path) -> None:
    broken(spec, "paths/variables.yaml", "variables.yaml#/VariableCreate", "variables.yaml#/Nope")
    broken(spec, EXAMPLES, "tags: [etl]", "tags: 1")
    broken(spec, EXAMPLES, "tags: [etl]", "tags: 2")
    broken(spec, "schemas/work_pools.yaml", "default: false", "default: 'no'")
    broken(spec, "openapi.yaml", "  version: 3.8.8", "  versio: 3.8.8")
    findings = found(spec)
    codes = [f.code for f in findings]
    assert codes.count("example-invalid") >= 2
    assert {"ref-unresolved", "default-invalid", "structure"} <= set(codes)
    assert findings[0].file.endswith("openapi.yaml")
    in_file = [f.line for f in findings if f.file.endswith(EXAMPLES)]
    assert len(in_file) >= 2
    assert in_file == sorted(in_file)
    assert len(set(findings)) == len(findings)


def test_the_same_files_give_the_same_report(spec: Path) -> None:
    broken(spec, EXAMPLES, "tags: [etl]", "tags: 1")
    first, second = (validate(str(spec / "openapi.yaml")) for _ in range(2))
    assert isinstance(first, Report)
    assert first.findings == second.findings


@pytest.mark.parametrize(
    "text",
    [
        "openapi: 3.0.3\ninfo: 5\npaths: 7\n",
        "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: []\ncomponents: []\n",
        "openapi: 3.0.3\n",
        "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: {/a: 5, /b: {get: [], post: 3}}\n",
        (
            "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: {}\n"
            "components: {schemas: {A: 5, B: {properties: 3, items: x}}}\n"
        ),
        (
            "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: {}\n"
            "components: {schemas: {A: {$ref: '#/components/schemas/Nope'}, B: {$ref: 5}}}\n"
        ),
        (
            "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: {}\n"
            "components: {schemas: {A: {$ref: '#/components/schemas/A'}}}\n"
        ),
        (
            "openapi: 3.0.3\ninfo: {title: t, version: v}\n"
            "paths: {'/{a}': {parameters: [5, {name: [], in: {}}], get: {responses: 5}}}\n"
        ),
    ],
)
def test_the_oddest_document_gives_findings_and_no_traceback(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    findings = validate(str(file)).findings
    assert findings
    assert all(finding.file == str(file) for finding in findings)


def test_a_recursive_schema_is_fine(tmp_path: Path) -> None:
    file = tmp_path / "tree.yaml"
    file.write_text(
        "openapi: 3.0.3\n"
        "info: {title: t, version: '1'}\n"
        "paths:\n"
        "  /tree:\n"
        "    get:\n"
        "      responses:\n"
        "        200:\n"
        "          description: A tree.\n"
        "          content:\n"
        "            application/json:\n"
        "              schema: {$ref: '#/components/schemas/Tree'}\n"
        "              examples:\n"
        "                one: {$ref: '#/components/examples/One'}\n"
        "components:\n"
        "  examples:\n"
        "    One: {value: {children: [{children: []}]}}\n"
        "  schemas:\n"
        "    Tree:\n"
        "      type: object\n"
        "      properties:\n"
        "        children: {type: array, items: {$ref: '#/components/schemas/Tree'}}\n",
        encoding="utf-8",
    )
    assert errors(file) == []
    broken(tmp_path, "tree.yaml", "[{children: []}]", "[{children: 5}]")
    assert errors(file) == [("example-invalid", "tree.yaml", 16)]


def test_a_part_that_is_referenced_from_within_is_used(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text("definitions:\n  Name: {type: string}\n", encoding="utf-8")
    file = tmp_path / "root.yaml"
    file.write_text(
        "\ufeffopenapi: 3.0.3\n"
        "info: {title: t, version: '1'}\n"
        "paths:\n"
        "  /name:\n"
        "    get:\n"
        "      responses:\n"
        "        200:\n"
        "          description: A name.\n"
        "          content: {text/plain: {schema: {$ref: 'parts.yaml#/definitions/Name'}}}\n",
        encoding="utf-8",
    )
    assert errors(file) == []
