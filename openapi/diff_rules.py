"""What may differ between two versions of a document, as data: how bad each change is for clients.

The grades follow those of oasdiff where it has the rule. A schema is judged in opposite directions:
a request that may hold less breaks who sends it, an answer that may hold more breaks who reads it.
"""

from collections.abc import Mapping

from openapi.findings import Rule, Severity

__all__ = ["DIFF_RULES", "OPERATION_RULES", "SCHEMA_RULES"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

SCHEMA_RULES: Mapping[str, tuple[Severity, Severity, str]] = {
    "type-removed": (_ERROR, _INFO, "A value may no longer be of a type."),
    "type-added": (_INFO, _ERROR, "A value may be of another type, too."),
    "null-removed": (_ERROR, _INFO, "A value may no longer be null."),
    "null-added": (_INFO, _ERROR, "A value may be null."),
    "enum-value-removed": (_ERROR, _INFO, "A value left an enum."),
    "enum-value-added": (_INFO, _WARNING, "A value joined an enum."),
    "enum-set": (_ERROR, _INFO, "Only the values of an enum remain."),
    "enum-unset": (_INFO, _ERROR, "An enum is lifted."),
    "format-set": (_ERROR, _INFO, "A value must have a format."),
    "format-unset": (_INFO, _ERROR, "A value need not have a format any more."),
    "format-changed": (_ERROR, _ERROR, "A value must have another format."),
    "pattern-set": (_WARNING, _INFO, "A string must match a pattern."),
    "pattern-unset": (_INFO, _WARNING, "A string need not match a pattern any more."),
    "pattern-changed": (_WARNING, _WARNING, "A string must match another pattern."),
    "upper-bound-lowered": (_ERROR, _INFO, "An upper bound is lower."),
    "upper-bound-raised": (_INFO, _ERROR, "An upper bound is higher."),
    "upper-bound-set": (_WARNING, _INFO, "There is an upper bound."),
    "upper-bound-unset": (_INFO, _ERROR, "There is no upper bound any more."),
    "lower-bound-raised": (_ERROR, _INFO, "A lower bound is higher."),
    "lower-bound-lowered": (_INFO, _ERROR, "A lower bound is lower."),
    "lower-bound-set": (_WARNING, _INFO, "There is a lower bound."),
    "lower-bound-unset": (_INFO, _ERROR, "There is no lower bound any more."),
    "multiple-changed": (_ERROR, _INFO, "A number must be a multiple of something else."),
    "unique-items-set": (_ERROR, _INFO, "Items must be unique."),
    "unique-items-unset": (_INFO, _WARNING, "Items need not be unique any more."),
    "required-property-removed": (_WARNING, _ERROR, "A required property is gone."),
    "optional-property-removed": (_WARNING, _WARNING, "An optional property is gone."),
    "property-refused": (_ERROR, _INFO, "A property is gone where unknown ones are refused."),
    "required-property-added": (_ERROR, _INFO, "There is a new required property."),
    "optional-property-added": (_INFO, _INFO, "There is a new optional property."),
    "property-became-required": (_ERROR, _INFO, "A property is required now."),
    "defaulted-property-became-required": (_INFO, _INFO, "A property with a default is required."),
    "property-became-optional": (_INFO, _ERROR, "A property is no longer required."),
    "unknown-properties-refused": (_ERROR, _INFO, "Unknown properties are refused."),
    "unknown-properties-admitted": (_INFO, _WARNING, "Unknown properties are admitted."),
    "default-changed": (_WARNING, _INFO, "A default is another, or came or went."),
    "alternative-removed": (_ERROR, _INFO, "One of several shapes is gone."),
    "alternative-added": (_INFO, _ERROR, "There is one more shape."),
    "property-deprecated": (_INFO, _INFO, "A property is deprecated."),
}
"""Change -> how bad it is in a request, how bad in a response, and what it is."""

OPERATION_RULES: Mapping[str, tuple[Severity, str]] = {
    "operation-removed": (_ERROR, "An operation is gone."),
    "deprecated-operation-removed": (_WARNING, "An operation that was deprecated is gone."),
    "operation-added": (_INFO, "There is a new operation."),
    "operation-deprecated": (_INFO, "An operation is deprecated."),
    "operation-id-changed": (_WARNING, "An operation has another id."),
    "parameter-removed": (_WARNING, "A parameter is gone."),
    "required-parameter-added": (_ERROR, "There is a new required parameter."),
    "optional-parameter-added": (_INFO, "There is a new optional parameter."),
    "parameter-became-required": (_ERROR, "A parameter is required now."),
    "parameter-became-optional": (_INFO, "A parameter is no longer required."),
    "parameter-style-changed": (_ERROR, "A parameter is written in another style."),
    "path-parameter-renamed": (_INFO, "A path parameter has another name; URLs stay."),
    "required-body-added": (_ERROR, "A request must have a body."),
    "optional-body-added": (_INFO, "A request may have a body."),
    "body-removed": (_WARNING, "A request has no body any more."),
    "body-became-required": (_ERROR, "The body is required now."),
    "body-became-optional": (_INFO, "The body is no longer required."),
    "request-media-type-removed": (_ERROR, "A body may no longer be of a media type."),
    "request-media-type-added": (_INFO, "A body may be of another media type."),
    "response-media-type-removed": (_ERROR, "An answer no longer comes in a media type."),
    "response-media-type-added": (_INFO, "An answer comes in another media type, too."),
    "success-removed": (_ERROR, "A status of success is gone."),
    "success-added": (_INFO, "There is a new status of success."),
    "refusal-removed": (_WARNING, "A status of refusal or failure is gone."),
    "refusal-added": (_INFO, "There is a new status of refusal or failure."),
    "required-header-removed": (_ERROR, "A header that every answer had is gone."),
    "optional-header-removed": (_WARNING, "A header that answers could have is gone."),
    "header-added": (_INFO, "Answers have a new header."),
    "header-became-optional": (_ERROR, "Answers need not have a header any more."),
    "header-became-required": (_INFO, "Every answer has a header now."),
    "security-set": (_ERROR, "Credentials are needed."),
    "security-unset": (_INFO, "No credentials are needed any more."),
    "security-choice-removed": (_ERROR, "A way to give credentials is gone."),
    "security-choice-added": (_INFO, "There is another way to give credentials."),
}  # fmt: skip
"""Change -> how bad it is, and what it is."""

_REMEDIES: Mapping[Severity, str] = {
    _ERROR: "Clients break: keep the old beside the new, or publish a new version.",
    _WARNING: "Some clients may break: tell them, and look at who uses it.",
    _INFO: "Nothing needs to be done.",
}

DIFF_RULES: Mapping[str, Rule] = {
    **{
        f"{side}-{code}": Rule(f"{says} ({side})", _REMEDIES[severity], severity)
        for code, (asked, answered, says) in SCHEMA_RULES.items()
        for side, severity in (("request", asked), ("response", answered))
    },
    **{
        code: Rule(says, _REMEDIES[severity], severity)
        for code, (severity, says) in OPERATION_RULES.items()
    },
}
"""Code -> rule. Those of schemas begin with the side that they are about."""
