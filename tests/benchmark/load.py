"""Load: requests sent in turn over several connections, as fast as the server answers.

wrk sends them: it costs a fraction of what any of the servers does, so it is not what is measured.
Its latencies count what requests would have waited while a server stood still.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.benchmark.scenarios import NUMBER
from tests.benchmark.tools import wrk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmark.scenarios import Request

CONNECTIONS: Final = 8
TIMEOUT: Final = "30s"

REPLAY: Final = """
local requests = {
%(requests)s}
local base, number, at, made = "%(base)s", %(first)d, 0, {}
local headers = {["content-type"] = "application/json"}

local function format(request, body)
  if body == "" then return wrk.format(request[1], base .. request[2], {}, nil) end
  return wrk.format(request[1], base .. request[2], headers, body)
end

function init(args)
  for i, request in ipairs(requests) do
    if not request[3]:find("%(placeholder)s", 1, true) then
      made[i] = format(request, request[3])
    end
  end
end

function request()
  at = at %% #requests + 1
  if made[at] then return made[at] end
  number = number + 1
  return format(requests[at], (requests[at][3]:gsub("%(placeholder)s", number)))
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write("RESULT ")
  io.write(string.format('{"requests": %%d, "bytes": %%d, ', summary.requests, summary.bytes))
  io.write(string.format('"seconds": %%f, "failed": %%d, ', summary.duration / 1e6, failed))
  io.write(string.format('"p50": %%f, ', latency:percentile(50) / 1e3))
  io.write(string.format('"p99": %%f}\\n', latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load came to.

    Attributes:
        rps: answers per second.
        p50: median latency in milliseconds.
        p99: of a hundred answers, the slowest but one.
        bytes: of an answer, headers included, on average.
        failed: how many answers were refusals or did not come.
        requests: how many were answered.
    """

    rps: float
    p50: float
    p99: float
    bytes: float
    failed: int
    requests: int


class Load:
    """A load generator.

    Raises:
        MissingToolError: wrk is not installed.
    """

    def __init__(self) -> None:
        self._wrk = wrk()
        self._first = 0

    def run(self, base_url: str, requests: Sequence[Request], seconds: float) -> Measured:
        """Send requests to a server for some seconds.

        Raises:
            RuntimeError: the generator fails, or there was no answer at all.
        """
        self._first += 10_000_000  # no two runs make an object of the same name
        origin, base = _split(base_url)
        script = REPLAY % {
            "requests": "".join(f"  {{{_lua(each)}}},\n" for each in requests),
            "base": base,
            "first": self._first,
            "placeholder": NUMBER,
        }
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s"]
            command = [self._wrk, *options, "--timeout", TIMEOUT, "-s", file.name, origin]
            return _measured(_output(command))


def _measured(output: str) -> Measured:
    """What the script's last line tells."""
    found = re.search(r"^RESULT (.*)$", output, re.MULTILINE)
    told = None if found is None else json.loads(found[1])
    if not told or not told["requests"]:
        raise RuntimeError(f"No request was answered:\n{output}")
    count = told["requests"]
    return Measured(
        rps=count / told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        bytes=told["bytes"] / count,
        failed=told["failed"],
        requests=count,
    )


def _split(base_url: str) -> tuple[str, str]:
    """Origin and path of a base URL."""
    scheme, _, rest = base_url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path.rstrip("/")


def _lua(request: Request) -> str:
    return ", ".join(json.dumps(part) for part in (request.method, request.path, request.body))


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
