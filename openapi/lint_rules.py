"""The lint rules of the validator, as data: what is valid and still leads users astray."""

from collections.abc import Mapping

from openapi.findings import Rule, Severity

__all__ = ["LINT_RULES"]


def _warning(says: str, remedy: str) -> Rule:
    return Rule(says, remedy, Severity.WARNING)


LINT_RULES: Mapping[str, Rule] = {
    "operation-id-missing": _warning(
        says="Every operation has an operationId.",
        remedy="Add one: generated clients name their methods by it.",
    ),
    "operation-id-style": _warning(
        says="All operationIds are written in one style.",
        remedy="Rename it, or the others.",
    ),
    "success-undeclared": _warning(
        says="Every operation declares what success looks like.",
        remedy="Declare a 2xx or 3xx status, or `default`.",
    ),
    "refusal-undeclared": _warning(
        says="Every operation that takes input declares how it refuses it.",
        remedy="Declare the 4xx statuses, or `4XX`, or `default`.",
    ),
    "body-unexpected": _warning(
        says="GET, HEAD and DELETE have no request body.",
        remedy="Move it into parameters, or use POST.",
    ),
    "tag-undeclared": _warning(
        says="Every tag of an operation is declared at the top.",
        remedy="Declare it under `tags`, with a description, or mend the name.",
    ),
    "security-undefined": Rule(
        says="Every security requirement names a security scheme.",
        remedy="Define it under components/securitySchemes, or mend the name.",
    ),
    "path-ambiguous": _warning(
        says="No URL matches two paths of which neither is the more concrete.",
        remedy="Change one of them, or tell their parameters apart by format, pattern or enum.",
    ),
    "path-twice": Rule(
        says="No two paths differ in nothing but the names of their parameters.",
        remedy="Join them into one path.",
    ),
    "path-query": Rule(
        says="A path has no query and no fragment.",
        remedy="Declare query parameters.",
    ),
    "header-unbounded": _warning(
        says="A string in a header says what it may hold: maxLength, pattern, format or enum.",
        remedy="Add the one that is true, maxLength at least.",
    ),
    "parameter-nullable": _warning(
        says="No parameter may be null: there is no way to write null into a URL or a header.",
        remedy="Remove null; leave the parameter optional instead.",
    ),
    "component-unused": _warning(
        says="Every component is referenced.",
        remedy="Reference it, or remove it.",
    ),
    "component-duplicate": _warning(
        says="No two components of a kind say the same in the same words.",
        remedy="Keep one, and reference it from both places.",
    ),
    "description-missing": _warning(
        says="Operations, parameters, responses, tags and components say what they are.",
        remedy="Describe it in a sentence.",
    ),
    "description-repeats-name": _warning(
        says="A description says more than the name.",
        remedy="Say what the name does not: meaning, unit, effect, what absent means.",
    ),
    "nullable-without-type": _warning(
        says="`nullable` stands beside a `type`; OpenAPI 3.0.3 gives it no effect otherwise.",
        remedy="Add the type; or write anyOf with a schema that admits null; or, where anything may"
        " stand, remove `nullable`: null is admitted already.",
    ),
    "nullable-in-31": _warning(
        says="OpenAPI 3.1 has no `nullable`.",
        remedy="Add null to `type`, or to an anyOf.",
    ),
    "nullable-enum": _warning(
        says="An enum that may be null lists null.",
        remedy="Add null to the enum: without it, null is refused.",
    ),
    "required-undefined": _warning(
        says="Every required property is defined.",
        remedy="Define it under `properties`, or mend the name.",
    ),
    "required-default": _warning(
        says="No required property of a request has a default: it could never take effect.",
        remedy="Remove the default, or the name from `required`.",
    ),
    "parameter-required-default": _warning(
        says="No required parameter has a default: it could never take effect.",
        remedy="Remove the default, or let the parameter be optional.",
    ),
    "bounds-contradictory": Rule(
        says="A lower bound is not above its upper bound.",
        remedy="Mend one of them: nothing is valid as it is.",
    ),
    "enum-duplicate": _warning(
        says="An enum has each value once.",
        remedy="Remove it.",
    ),
    "enum-type": Rule(
        says="The values of an enum have the type that stands beside it.",
        remedy="Mend the value or the type: nothing can be both.",
    ),
    "items-missing": Rule(
        says="An array says what its items are; OpenAPI 3.0 demands it.",
        remedy="Add `items`, `{}` for anything.",
    ),
    "bound-without-type": _warning(
        says="A bound stands beside a type that it can act on.",
        remedy="Mend the type, or remove the bound: as it is, it never acts.",
    ),
    "keyword-unknown": _warning(
        says="A schema of 3.1 has the keywords of JSON Schema and OpenAPI only.",
        remedy="Mend the name: validators ignore a keyword that they do not know.",
    ),
}
"""Code -> rule, in the order in which they are looked at."""
