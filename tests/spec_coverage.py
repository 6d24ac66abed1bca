"""How much of the spec a run of the suite reaches: operations, parameters, keywords, statuses.

    python -m tests.spec_coverage [--base-url URL] [--profile standard]

Runs the suite against a server, a mock of its own unless a URL is given, and lets TraceCov count
what its requests and answers touch. Needs `pip install tracecov`.

TraceCov counts a keyword as reached when it was kept and broken. Some cannot be: formats that it
does not know (`cron`, `rrule`, `time-zone`, `time-delta`) count as never looked at, whatever is
sent; bounds that only say what a server can store are not broken, for it may take or refuse what
lies beyond; and a bulk deletion always names what it deletes, so its body and its filter are never
of another type. Statuses that take another server or caller (401, 503, ...) it counts as well; the
last lines leave these out, and name the keywords.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from base64 import b64decode
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import tracecov  # type: ignore[import-not-found, unused-ignore] # not in `dev`: its licence

import openapi
from openapi.forms import of_tag
from tests.mock import mock_server

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE: Final = "Deployments"
_WAYS: Final = {
    "keyword_miss": "never met",
    "keyword_needs_valid": "never kept",
    "keyword_needs_invalid": "never broken",
}
# 400, 401, 403, 405, 413 and 503 take another server or another caller.
WANTED: Final = frozenset({"200", "201", "204", "404", "409", "422"})


def traffic(base_url: str, profile: str, seed: int) -> Iterator[dict[str, Any]]:
    """The entries of the HAR of a run."""
    with tempfile.TemporaryDirectory() as folder:
        har = Path(folder) / "run.har"
        command = [sys.executable, "-m", "contract_tests", "run", "--base-url", base_url]
        command += ["--profile", profile, "--seed", str(seed), "--report", f"har={har}"]
        subprocess.run(command, check=False, stdout=sys.stderr)
        yield from json.loads(har.read_text())["log"]["entries"]


def record(coverage: tracecov.CoverageMap, entry: dict[str, Any]) -> None:
    """Count one exchange."""
    request, response = entry["request"], entry["response"]
    content = response["content"]
    body = content.get("text", "").encode(errors="replace")
    coverage.record(
        tracecov.HttpRequest(
            request["method"],
            request["url"],
            request.get("postData", {}).get("text", "").encode(errors="replace") or None,
            {header["name"]: header["value"] for header in request["headers"]},
        ),
        tracecov.HttpResponse(
            response["status"],
            entry["time"] / 1000,
            b64decode(body) if content.get("encoding") == "base64" else body,
            {header["name"]: header["value"] for header in response["headers"]},
        ),
    )


def missed(coverage: tracecov.CoverageMap) -> tuple[list[str], int]:
    """The keywords that were not both kept and broken, and how many formats nobody looked at."""
    gaps = [gap for gap in coverage.coverage_gaps() if gap["kind"].startswith("keyword_")]
    known = [gap for gap in gaps if gap["kind"] != "keyword_miss" or not _is_format(gap)]
    lines = [
        f"{gap['method']} {gap['path']} {gap['schema_path']}: {_WAYS[gap['kind']]}" for gap in known
    ]
    return sorted(lines), len(gaps) - len(known)


def _is_format(gap: dict[str, Any]) -> bool:
    return str(gap["schema_path"]).endswith("/format")


def unreached(document: dict[str, Any], entries: list[dict[str, Any]], base: str) -> list[str]:
    """The declared statuses of the core operations that no answer had."""
    from contract_tests.spec.operations import operations  # noqa: PLC0415 - the run loads it as well

    seen = set()
    for entry in entries:
        path = urlsplit(entry["request"]["url"]).path.removeprefix(base)
        operation = operations().match(entry["request"]["method"], path)
        if operation:
            seen.add((operation.id, str(entry["response"]["status"])))
    return [
        f"{operation.id} {status}"
        for operation in operations()
        if operation.core
        for status in document["paths"][operation.path][operation.method.lower()]["responses"]
        if status in WANTED and (operation.id, status) not in seen
    ]


def main() -> None:
    """Run, count, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base-url")
    parser.add_argument("--profile", default="standard")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    document = of_tag(openapi.load(), CORE)
    with mock_server() if options.base_url is None else nullcontext(options.base_url) as url:
        entries = list(traffic(url, options.profile, options.seed))
    base = urlsplit(url).path
    coverage = tracecov.CoverageMap.from_dict(document, base_path=base)
    for entry in entries:
        record(coverage, entry)
    print(coverage.generate_text_summary(colored=False))
    lines, formats = missed(coverage)
    print(
        f"keywords not reached, besides {formats} formats that TraceCov does not know: {len(lines)}"
    )
    print(*(f"  {line}" for line in lines), sep="\n")
    print("declared statuses not reached:", ", ".join(unreached(document, entries, base)) or "none")


if __name__ == "__main__":
    main()
