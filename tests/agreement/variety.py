"""Values with meaning: parameters against schemas, and schedules over changes of clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from random import Random

ZONES: Final = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "EST"),
    *("America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "Europe/London", "Etc/GMT+5"),
]
# Midnights around which clocks are changed in one zone or another, and a leap day.
STARTS: Final = [
    *("2030-03-30T00:00:00Z", "2030-10-26T00:00:00Z", "2030-03-09T12:00:00Z"),
    *("2030-11-02T12:00:00-04:00", "2030-04-06T00:00:00+11:00", "2028-02-28T00:00:00Z"),
    *("2030-12-31T23:59:59Z", "2030-06-15T00:00:00.500000Z"),
]
# None that never comes true: planning it is a difference that is meant.
CRONS: Final = [
    *("0 9 * * 1-5", "*/15 * * * *", "30 2 * * *", "0 0 29 2 *", "0 0 31 * *", "0 0 1,15 * 1"),
    *("@hourly", "@weekly", "0 12 * * mon-fri", "5 4 * * sun", "0 0 * * 5L", "0 0 * * 5#3"),
    *("0 0 l * *", "0-10/5 1,13 * 3,10 *", "30 1 * * *", "0 2 * * 0", "59 23 31 12 *"),
    *("0 0 * * * 30", "15,45 */6 * * *", "0 0 1 1 0", "0 0 1W * *", "0 0 * * 7", "? * * * *"),
    *("60 * * * *", "* * * *", "0 0 * jan *", "*/90 * * * *", "0 0 13 * 5"),
]
RULES: Final = [
    *("FREQ=DAILY;BYHOUR=7;BYMINUTE=0;BYSECOND=0", "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=20"),
    *(
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ),
    "RRULE:FREQ=HOURLY;INTERVAL=5",
    "FREQ=DAILY;UNTIL=20300402T000000Z",
    "FREQ=DAILY;UNTIL=20300402T000000",
    "DTSTART:20300101T023000\nRRULE:FREQ=DAILY\nEXDATE:20300401T023000",
    "DTSTART:20300101T013000\nRRULE:FREQ=DAILY;BYHOUR=1\nRDATE:20300330T120000",
    "DTSTART;TZID=Europe/Berlin:20300101T090000\nFREQ=DAILY",
    "DTSTART:20300101T090000Z\nFREQ=WEEKLY",
    "DTSTART:20280101T000000\nFREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "DTSTART:20300301T000000\nRRULE:FREQ=WEEKLY;BYDAY=SU\nRRULE:FREQ=MONTHLY;BYMONTHDAY=1",
    "FREQ=SECONDLY;INTERVAL=40;COUNT=9",
    "FREQ=FORTNIGHTLY",
    "freq=daily",
]
INTERVALS: Final = [
    3600,
    1800,
    86400,
    5400.5,
    604800,
    "P1M",
    "PT36H",
    "1 day, 01:00:00",
    900,
    43200,
]
ANCHORS: Final = [
    *("2020-01-01T00:00:00Z", "2020-02-02T03:00:00+02:00", "2030-03-01T02:30:00"),
    *("2030-06-01T09:15:00-04:00", "2019-12-31", 1577836800),
]
SCHEMAS: Final[list[dict[str, Any]]] = [
    {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}},
    {
        "type": "object",
        "properties": {
            "x": {"type": "integer", "default": 1, "position": 0, "title": "x"},
            "mode": {"enum": ["a", "b"], "type": "string", "default": "a"},
            "many": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["many"],
    },
    {
        "type": "object",
        "properties": {"x": {"$ref": "#/definitions/inner"}, "y": {"anyOf": [{"type": "null"}]}},
        "definitions": {
            "inner": {
                "type": "object",
                "properties": {"n": {"type": "integer", "minimum": 1}},
                "required": ["n"],
            }
        },
        "required": ["x"],
    },
    {"type": "object", "properties": {"x": {}}, "additionalProperties": False},
    {"type": "object", "required": ["x", "y"]},
    {"properties": {"x": {"type": "string", "format": "date-time", "maxLength": 3}}},
    {"type": "object", "properties": {"x": {"$ref": "#/definitions/none"}}},
    {"type": "zzz"},
    {"type": "object", "properties": {"x": {"type": ["integer", "null"]}}, "minProperties": 1},
]
VALUES: Final[list[Any]] = [
    *(1, 0, -1, 1.5, "s", "a", True, None, [], [1, 2.5], ["x"], {}, {"n": 1}, {"n": 0}, {"n": "x"}),
    {"__prefect_kind": "json", "value": "[1]"},
    {"__prefect_kind": "json", "value": '{"n": 2}'},
    {"__prefect_kind": "json", "value": "{"},
    {"__prefect_kind": "json"},
    {"__prefect_kind": "jinja", "template": "{{ 1 + 1 }}"},
    {"__prefect_kind": "jinja", "template": "{{ unknown }}"},
    {"__prefect_kind": "jinja", "template": "{{ 1 + }}"},
    {"__prefect_kind": "workspace_variable", "variable_name": "variable_1"},
    {"__prefect_kind": "workspace_variable", "variable_name": "nope"},
    {"__prefect_kind": "workspace_variable"},
    {"__prefect_kind": "none", "value": {"__prefect_kind": "json", "value": "3"}},
    {"__prefect_kind": "none"},
    {"__prefect_kind": "other", "value": 1},
    {"__prefect_kind": None, "value": 1},
    [{"__prefect_kind": "json", "value": "4"}],
]


def parameters(rng: Random) -> dict[str, Any]:
    """Parameters that a schema of `SCHEMAS` admits or not."""
    names = rng.sample(["x", "y", "mode", "many", "other"], rng.choice([0, 1, 1, 2, 3]))
    return {name: rng.choice(VALUES) for name in names}


def job_variables(rng: Random) -> dict[str, Any]:
    """Values for the templates of pools that have one."""
    return rng.choice([{}, {"size": 2}, {"size": "big"}, {"size": None}, {"where": 1, "size": 3}])


def schedule(rng: Random) -> dict[str, Any]:
    """A schedule of any kind, in any zone; some are refused."""
    found: dict[str, Any] = rng.choice(
        [
            {"interval": rng.choice(INTERVALS), "anchor_date": rng.choice(ANCHORS)},
            {"cron": rng.choice(CRONS)},
            {"cron": rng.choice(CRONS), "day_or": rng.random() < 0.5},
            {"rrule": rng.choice(RULES)},
        ]
    )
    if rng.random() < 0.7:
        found["timezone"] = rng.choice(ZONES)
    return {"schedule": found, "active": rng.random() < 0.9}


def stretch(rng: Random) -> dict[str, Any]:
    """What to plan: around changes of the clock, for a while or for some runs."""
    body: dict[str, Any] = {"start_time": rng.choice(STARTS)}
    return body | rng.choice(
        [
            {},
            {"max_runs": 5, "min_runs": 5, "min_time": 0},
            {"end_time": "2030-04-20T00:00:00+02:00", "max_runs": 12},
            {"min_time": 172800, "min_runs": 1, "max_runs": 30},
            {"end_time": "2029-01-01T00:00:00Z"},
        ]
    )
