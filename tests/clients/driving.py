"""A real Prefect client in a process of its own, and what it says made comparable."""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.real_server.process import prefect_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DRIVER: Final = Path(__file__).with_name("driver.py")
SETTINGS: Final = {
    "COLUMNS": "160",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PYTHONWARNINGS": "ignore",
    "TZ": "UTC",
}

UUID: Final = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
BLURRED: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # ISO times, with and without a T, an offset, a fraction; the times of tables and logs.
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d| UTC)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d\.\d{3}\b"), "<time>"),
    (re.compile(r"datetime\.datetime\([^()]*(\([^()]*\))?[^()]*\)"), "<time>"),
    (re.compile(r"DateTime\([^()]*(\([^()]*\))?[^()]*\)"), "<time>"),
    (re.compile(r"datetime\.timedelta\([^()]*\)"), "<span>"),
    (re.compile(r"\b(an?|\d+) (second|minute|hour|moment)s? (ago|from now)"), "<span>"),
    (re.compile(r"\b(in|after) (an?|\d+) (second|minute|hour)s?\b"), "<span>"),
    (re.compile(r"\b(now|just now|instantly)\b"), "<span>"),
    # What a watched run tells: the last digits of its id; its plan may be told or not.
    (re.compile(r"● +\S+ [0-9a-f]{12} prefect\.flow-run\.Scheduled .*\n"), ""),
    (re.compile(r"● +\S+ [0-9a-f]{12} "), "● <time> <run> "),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<origin>"),
    (re.compile(r"\d+\.\d{3,}"), "<float>"),
    # The borders and the padding of tables, which grow with what else is in them.
    (re.compile(r"([━─╇┻┳┴┬╺╸ ])\1+"), r"\1"),
)


RUN_TAGS: Final = re.compile(r"(?<=tags=\[)[^\]]*(?=\])")


def _sorted_tags(match: re.Match[str]) -> str:
    return ", ".join(sorted(match[0].split(", ")))


class Driver:
    """A process that runs Prefect commands and SDK calls, each in a fork of its own.

    Args:
        process: `driver.py`, running.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **request: Any) -> dict[str, Any]:
        """Do one request (see `driver.py`)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the driver of the clients ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def driver(home: Path) -> Iterator[Driver]:
    """Start a process that has prefect imported; `home` keeps its settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PREFECT_") and not name.lower().endswith("_proxy")
    }
    folder = str(Path(__file__).parent)
    environment = {**kept, **SETTINGS, "PREFECT_HOME": str(home), "PYTHONPATH": folder}
    with subprocess.Popen(
        [str(prefect_python()), str(DRIVER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        yield Driver(process)
        assert process.stdin is not None
        process.stdin.close()


class Normaliser:
    """Makes what two servers gave comparable: ids by the order in which they are first seen.

    Args:
        names: texts that stand for others, such as the random names of runs.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._ids: dict[str, str] = {}
        self._names = dict(names or {})

    def text(self, text: str) -> str:
        """A text without what differs from run to run."""
        text = RUN_TAGS.sub(_sorted_tags, UUID.sub(self._identity, text))
        for given, shown in self._names.items():
            text = text.replace(given, shown)
        for pattern, shown in BLURRED:
            text = pattern.sub(shown, text)
        return "\n".join(line.rstrip() for line in text.splitlines())

    def value(self, value: Any) -> Any:
        """The same for a JSON value."""
        if isinstance(value, dict):
            told = {self.text(key): self.value(item) for key, item in value.items()}
            if isinstance(told.get("tags"), list):
                # Those of a run are a set.
                told["tags"] = sorted(told["tags"])
            return told
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, float) and not value.is_integer():
            return "<float>"
        return self.text(value) if isinstance(value, str) else value

    def rename(self, given: str, shown: str) -> None:
        """From now on show one text for another."""
        self._names[given] = shown

    def _identity(self, match: re.Match[str]) -> str:
        return self._ids.setdefault(match[0], f"<id {len(self._ids)}>")


def difference(ours: Any, theirs: Any) -> str:
    """What the mock and a real server told otherwise, for a person to read."""
    lines = difflib.unified_diff(_lines(ours), _lines(theirs), "mock", "real", lineterm="", n=4)
    return "\n".join(lines)


def _lines(told: Any) -> list[str]:
    text = json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True)
    return text.replace("\\n", "\n").splitlines()
