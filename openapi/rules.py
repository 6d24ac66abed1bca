"""The rules of the validator, as data: what each code means and what to do about it."""

from collections.abc import Mapping

from openapi.findings import Rule, Severity
from openapi.lint_rules import LINT_RULES

__all__ = ["RULES"]

RULES: Mapping[str, Rule] = {
    "file-unreadable": Rule(
        says="Every file that is referenced can be read.",
        remedy="Mend the reference, or add the file.",
    ),
    "yaml-syntax": Rule(
        says="Every file is YAML in UTF-8.",
        remedy="Mend the YAML.",
    ),
    "yaml-duplicate-key": Rule(
        says="A key stands once in an object.",
        remedy="Remove or rename one of them: readers would heed the last one only.",
    ),
    "ref-malformed": Rule(
        says="A reference is a string that names a file and a pointer in it.",
        remedy="Write FILE.yaml#/NAME.",
    ),
    "ref-misplaced": Rule(
        says="References stand only where OpenAPI admits them.",
        remedy="Write it out here.",
    ),
    "ref-remote": Rule(
        says="References lead to local files.",
        remedy="Write the object into a file beside this one.",
    ),
    "ref-siblings": Rule(
        says="Nothing stands beside a reference, for OpenAPI 3.0 ignores it.",
        remedy="Wrap the reference in allOf, or move what is beside it to its target.",
        severity=Severity.WARNING,
    ),
    "ref-unresolved": Rule(
        says="Every reference leads somewhere.",
        remedy="Mend the name, or add it there.",
    ),
    "name-clash": Rule(
        says="No two components of a kind have the same name.",
        remedy="Rename one of them.",
    ),
    "unused": Rule(
        says="What the files hold is referenced somewhere.",
        remedy="Reference it, or remove it.",
        severity=Severity.WARNING,
    ),
    "structure": Rule(
        says="Objects have the keys and values that OpenAPI gives them.",
        remedy="Compare with the object's definition in the OpenAPI Specification.",
    ),
    "operation-id-duplicate": Rule(
        says="An operationId stands for one operation.",
        remedy="Rename one of them.",
    ),
    "link-target-unknown": Rule(
        says="A link names an operation of the document.",
        remedy="Mend the operationId of the link.",
    ),
    "path-parameter-undeclared": Rule(
        says="Each name in braces in a path is a path parameter of its operations.",
        remedy="Declare it with `in: path` and `required: true`, or mend the name.",
    ),
    "path-parameter-unused": Rule(
        says="Each path parameter stands in braces in its path.",
        remedy="Put it into the path in openapi.yaml, or remove the parameter.",
    ),
    "parameter-duplicate": Rule(
        says="An operation has one parameter of a name and a place.",
        remedy="Remove one of them.",
    ),
    "pattern-invalid": Rule(
        says="A pattern is a regular expression.",
        remedy="Mend the regular expression.",
    ),
    "example-invalid": Rule(
        says="An example is valid by its schema.",
        remedy="Mend the example, or the schema if that is wrong.",
    ),
    "default-invalid": Rule(
        says="A default is valid by its schema.",
        remedy="Mend the default, or the schema if that is wrong.",
    ),
    "inlined-invalid": Rule(
        says="The document is valid with all references replaced by what they lead to (prance).",
        remedy="Look at what the references below this place lead to.",
    ),
    "refused-by-openapi-spec-validator": Rule(
        says="openapi-spec-validator accepts the document.",
        remedy="Mend what its message names.",
    ),
    "refused-by-prance": Rule(
        says="prance resolves every reference.",
        remedy="Mend what its message names.",
    ),
    "refused-by-openapi-core": Rule(
        says="openapi-core accepts the document.",
        remedy="Mend what its message names.",
    ),
    **LINT_RULES,
}
