"""When schedules fire; the times are those of a released server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.scheduling.schedules import (
    check_cron,
    check_rrule,
    check_timezone,
    fire_times,
    normalise_rrule,
    scheduled_times,
)

NEW_YORK = "America/New_York"
ZONES = ["UTC", NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Chatham"]
DAY = 86400


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(anchor: str, **more: Any) -> dict[str, Any]:
    return {"interval": DAY, "anchor_date": anchor, "timezone": NEW_YORK, **more}


def shown(times: list[datetime]) -> list[str]:
    return [f"{time:%m-%d %H:%M}" for time in times]


@pytest.mark.parametrize(
    ("schedule", "start", "expected"),
    [
        # Days are steps of the local clock ...
        (daily("2026-01-01T14:00:00Z"), "2026-03-07", "03-07 14:00, 03-08 13:00, 03-09 13:00"),
        # ... but the jump from the anchor is time that passes.
        (daily("2026-01-01T14:00:00Z"), "2026-07-01", "07-01 14:00, 07-02 14:00"),
        # The hour that comes twice counts once.
        (
            daily("2026-01-01T00:00:00Z", interval=3600.0),
            "2026-11-01T04:30",
            "11-01 05:00, 11-01 07:00, 11-01 08:00",
        ),
        # A time that is skipped comes later, and stays there.
        (daily("2026-03-07T07:30:00Z"), "2026-03-07", "03-07 07:30, 03-08 07:30, 03-09 07:30"),
        # Of a time that comes twice a step by days takes the second.
        (daily("2026-10-31T05:30:00Z"), "2026-10-31", "10-31 05:30, 11-01 06:30, 11-02 06:30"),
        (
            {"interval": 90000, "anchor_date": "2027-01-01T00:00:00+00:00", "timezone": "UTC"},
            "2026-01-01",
            "01-01 10:00, 01-02 11:00",
        ),
        (
            {"cron": "0 9 * * *", "timezone": NEW_YORK},
            "2026-03-07",
            "03-07 14:00, 03-08 13:00, 03-09 13:00",
        ),
        # A time that is skipped comes earlier.
        (
            {"cron": "30 2 * * *", "timezone": NEW_YORK},
            "2026-03-07",
            "03-07 07:30, 03-08 06:30, 03-09 06:30",
        ),
        (
            {"cron": "30 1 * * *", "timezone": NEW_YORK},
            "2026-10-31",
            "10-31 05:30, 11-01 05:30, 11-02 06:30",
        ),
        (
            {"cron": "0 * * * *", "timezone": NEW_YORK},
            "2026-11-01T04:00",
            "11-01 04:00, 11-01 05:00, 11-01 07:00",
        ),
        ({"cron": "0 0 13 * fri"}, "2026-02-01", "02-06 00:00, 02-13 00:00, 02-20 00:00"),
        (
            {"cron": "0 0 13 * fri", "day_or": False, "timezone": None},
            "2026-02-01",
            "02-13 00:00, 03-13 00:00, 11-13 00:00",
        ),
        (
            {
                "rrule": "DTSTART:20200101T000000\nFREQ=DAILY;BYHOUR=2;BYMINUTE=30",
                "timezone": NEW_YORK,
            },
            "2026-03-07",
            "03-07 07:30, 03-08 06:30, 03-09 06:30",
        ),
        (
            {"rrule": "FREQ=HOURLY;INTERVAL=5", "timezone": "Europe/Berlin"},
            "2026-03-28T20:00",
            "03-28 22:00, 03-29 02:00, 03-29 07:00",
        ),
        (
            {"rrule": "RRULE:FREQ=WEEKLY;BYDAY=MO\nEXDATE:20260309T000000", "timezone": "UTC"},
            "2026-03-01",
            "03-02 00:00, 03-16 00:00",
        ),
        (
            {"rrule": "FREQ=DAILY;COUNT=3", "timezone": "UTC"},
            "2020-01-02",
            "01-02 00:00, 01-03 00:00",
        ),
        (
            {"rrule": "FREQ=DAILY;UNTIL=20260302T000000", "timezone": NEW_YORK},
            "2026-03-01",
            "03-01 05:00, 03-02 05:00",
        ),
        # Nothing: a day that never comes, and an end in UTC of what starts on a local clock.
        ({"cron": "0 0 30 2 *"}, "2026-03-01", ""),
        ({"rrule": "FREQ=DAILY;UNTIL=20270101T000000Z", "timezone": "UTC"}, "2026-03-01", ""),
        ({"rrule": "FREQ=DAILY;INTERVAL=0", "timezone": "UTC"}, "2026-03-01", ""),
        ({"rrule": "FREQ=DAILY", "timezone": "near UTC"}, "2026-03-01", ""),
    ],
)
def test_when_schedules_fire(schedule: dict[str, Any], start: str, expected: str) -> None:
    wanted = expected.split(", ") if expected else []
    times = islice(fire_times(schedule, start=utc(start)), len(wanted) or 1)
    assert shown(list(times)) == wanted


def test_seconds_are_kept_and_fractions_rounded_up() -> None:
    times = fire_times({"cron": "* * * * * 15"}, start=utc("2026-02-01T00:00:10.5"))
    assert next(times) == utc("2026-02-01T00:00:15")
    times = fire_times({"cron": "* * * * * *"}, start=utc("2026-02-01T00:00:10.5"))
    assert next(times) == utc("2026-02-01T00:00:11")


# -- how many are planned

HOURLY = {"interval": 3600, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}
START = utc("2026-01-01")


@pytest.mark.parametrize(
    ("limits", "planned"),
    [
        ({"min_time": timedelta(hours=1), "min_runs": 3, "max_runs": 100}, 3),
        ({"min_time": timedelta(hours=6), "min_runs": 3, "max_runs": 100}, 7),
        ({"min_time": timedelta(hours=6), "min_runs": 3, "max_runs": 5}, 5),
        ({"min_time": timedelta(0), "min_runs": 0, "max_runs": 0}, 1),
        ({"max_runs": 4}, 4),
        ({"end": START + timedelta(hours=2)}, 3),
        ({"end": START - timedelta(hours=2)}, 0),
    ],
)
def test_how_many_runs_are_planned(limits: dict[str, Any], planned: int) -> None:
    assert len(scheduled_times(HOURLY, start=START, **limits)) == planned


def test_a_plan_is_given_up_some_time() -> None:
    assert 1000 <= len(scheduled_times(HOURLY, start=START, max_runs=10**9)) <= 1002


# -- laws


starts = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
zones = st.sampled_from(ZONES)


@given(starts, zones, st.integers(60, 40 * DAY))
@settings(deadline=None)
def test_intervals_are_in_step_and_in_order(start: datetime, zone: str, interval: int) -> None:
    anchor = "2026-01-01T12:00:00Z"
    schedule = {"interval": interval, "anchor_date": anchor, "timezone": zone}
    times = list(islice(fire_times(schedule, start=start), 20))
    assert times == sorted(set(times))
    hour = timedelta(hours=1)
    assert all(time >= start - hour for time in times)
    step = timedelta(seconds=interval)
    for time, following in pairwise(times):
        # No more than the clock is moved by, or the hour that counts once.
        assert abs(following - time - step) <= max(hour, step if interval < DAY else hour)
    if zone in {"UTC", "Asia/Kolkata"}:
        assert all((time - utc(anchor[:-1])) % step == timedelta(0) for time in times)


@given(starts, zones, st.integers(0, 59), st.integers(0, 23))
@settings(deadline=None)
def test_cron_fires_when_the_local_clock_shows_it(
    start: datetime, zone: str, minute: int, hour: int
) -> None:
    schedule = {"cron": f"{minute} {hour} * * *", "timezone": zone}
    for time in islice(fire_times(schedule, start=start), 5):
        local = time.astimezone(ZoneInfo(zone))
        skipped = (local.hour, local.minute) != (hour, minute)
        assert not skipped or local.replace(hour=hour, minute=minute).astimezone(UTC).astimezone(
            local.tzinfo
        ).replace(tzinfo=None) != local.replace(tzinfo=None, hour=hour, minute=minute)


RULES = [
    "FREQ=MINUTELY;INTERVAL=7",
    "FREQ=HOURLY;INTERVAL=5;BYHOUR=1,6,11",
    "FREQ=HOURLY;BYMINUTE=0,30;BYDAY=MO",
    "FREQ=MINUTELY;INTERVAL=90;BYMONTH=3,4",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=DAILY;INTERVAL=3;COUNT=400",
]


@given(st.datetimes(datetime(2026, 1, 2), datetime(2026, 6, 1)), st.sampled_from(RULES))  # noqa: DTZ001 - a local clock
@settings(deadline=None, max_examples=40)
def test_starting_a_rule_late_changes_nothing(start: datetime, rule: str) -> None:
    whole = rrulestr(f"DTSTART:20260101T000000\nRRULE:{rule}")
    expected = [time.replace(tzinfo=UTC) for time in whole.xafter(start, 5, inc=True)]
    schedule = {"rrule": f"DTSTART:20260101T000000\nRRULE:{rule}", "timezone": "UTC"}
    assert list(islice(fire_times(schedule, start=start.replace(tzinfo=UTC)), 5)) == expected


# -- checks


@pytest.mark.parametrize(
    "text",
    ["* * * * *", "@daily", "* * * * * *", "*/61 * * * *", "0 0 * * 7", "0 0 * * wed", "0 0 L * *"],
)
def test_cron_expressions_that_are_taken(text: str) -> None:
    check_cron(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@reboot", "0 0 * * 8", "* * * *", "x * * * *", "60 * * * *"),
        # What newer readers take.
        *("0 0 15W * *", "* * * * 7 0", "* * * * 3-7 0"),
    ],
)
def test_cron_expressions_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid cron string") as raised:
        check_cron(text)
    assert str(raised.value) == f'Invalid cron string: "{text}"'


def test_cron_expressions_that_leave_a_field_to_chance() -> None:
    with pytest.raises(ValueError, match="Random and Hashed expressions are unsupported"):
        check_cron("R * * * *")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty string"),
        ("FREQ=DAILY;FOO=1", "unknown parameter 'FOO'"),
        ("FREQ=SOMETIMES", "invalid 'FREQ': SOMETIMES"),
        ("FREQ=DAILY;UNTIL=soon", "invalid 'UNTIL': SOON"),
    ],
)
def test_rules_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="Invalid RRule string") as raised:
        check_rrule(text)
    assert str(raised.value) == f'Invalid RRule string "{text}": {reason}'


def test_rules_have_an_end_to_their_length() -> None:
    rule = "FREQ=DAILY;BYMONTH=" + ",".join(["1"] * 4000)
    with pytest.raises(ValueError, match="Max length is 6500, got 8018"):
        check_rrule(rule)


NOW = utc("2026-11-22T15:17:03.25")


@pytest.mark.parametrize(
    ("rule", "timezone", "start"),
    [
        ("FREQ=DAILY", "UTC", "20200101T000000"),
        ("FREQ=HOURLY", "UTC", "20200101T000000"),
        ("FREQ=MINUTELY;COUNT=3", "UTC", "20200101T000000"),
        ("FREQ=MINUTELY", "UTC", "20261122T151700"),
        ("FREQ=MINUTELY", NEW_YORK, "20261122T101700"),
        ("FREQ=SECONDLY;INTERVAL=7", "UTC", "20261122T151657"),
        ("FREQ=MINUTELY;INTERVAL=7", None, "20261122T151100"),
        ("RRULE:FREQ=MINUTELY\nEXDATE:20260101T000000", "UTC", "20200101T000000"),
    ],
)
def test_rules_get_a_start(rule: str, timezone: str | None, start: str) -> None:
    assert normalise_rrule(rule, now=NOW, timezone=timezone) == f"DTSTART:{start}\n{rule}"


@pytest.mark.parametrize(
    "rule", ["DTSTART:20260101T000000\nRRULE:FREQ=DAILY", "FREQ=DAILY;UNTIL=20270101T000000Z", "x"]
)
def test_rules_that_are_left_alone(rule: str) -> None:
    assert normalise_rrule(rule, now=NOW) == rule


def test_time_zones() -> None:
    for zone in ("UTC", "EST", NEW_YORK):
        check_timezone(zone)
    message = (
        'Invalid timezone: "utc" (specify in IANA tzdata format, for example, America/New_York)'
    )
    with pytest.raises(ValueError, match="Invalid timezone") as raised:
        check_timezone("utc")
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("rule", "gap"),
    [
        ("FREQ=SECONDLY;COUNT=2147483647", timedelta(seconds=1)),
        ("FREQ=MINUTELY;INTERVAL=2;COUNT=2147483647", timedelta(minutes=2)),
        ("FREQ=SECONDLY;BYSECOND=0;BYMINUTE=0;BYHOUR=0;BYMONTHDAY=30", None),
    ],
)
def test_a_rule_is_not_gone_through_second_by_second(rule: str, gap: timedelta | None) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    began = process_time()
    times = list(islice(fire_times({"rrule": f"DTSTART:20200101T000000\n{rule}"}, start=start), 3))
    assert process_time() - began < 2
    assert len(times) == 3
    if gap is not None:
        assert times == [start, start + gap, start + 2 * gap]
    else:
        assert times[0].isoformat()[:19] == "2026-03-30T00:00:00"


def test_a_rule_whose_count_is_used_up_fires_no_more() -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rule = "DTSTART:20260301T110000\nFREQ=MINUTELY;COUNT=62"
    assert len(list(fire_times({"rrule": rule}, start=start))) == 2
    assert list(fire_times({"rrule": rule}, start=start + timedelta(hours=9))) == []


def test_a_rule_that_counts_from_too_long_ago_has_no_next_time() -> None:
    rule = "DTSTART:20200101T000000\nFREQ=SECONDLY;BYHOUR=1,2,3,4;COUNT=99999999"
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert list(islice(fire_times({"rrule": rule}, start=start), 1)) == []


def _assert_as_dateutil_says(text: str, start: datetime) -> None:
    plain = (when.replace(tzinfo=UTC) for when in rrulestr(text))
    expected = list(islice((when for when in plain if when >= start), 40))
    assert expected
    assert list(islice(fire_times({"rrule": text}, start=start), 40)) == expected


@pytest.mark.parametrize(
    "parts",
    [
        "FREQ=SECONDLY;BYHOUR=1;BYSECOND=7,9",
        "FREQ=SECONDLY;BYMINUTE=3;COUNT=90",
        "FREQ=MINUTELY;BYDAY=TH;BYHOUR=2,3",
        "FREQ=MINUTELY;COUNT=100",
        "FREQ=HOURLY;BYMONTHDAY=2,3",
        "FREQ=HOURLY;INTERVAL=2;BYDAY=TH",
    ],
)
def test_a_rule_that_is_rewritten_says_the_same(parts: str) -> None:
    text = f"DTSTART:20200101T004511\nRRULE:{parts}"
    start = datetime(2020, 1, 1, 1, 2, 3, tzinfo=UTC)
    _assert_as_dateutil_says(text, start)


@pytest.mark.parametrize(
    "parts",
    [
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31",
        "RRULE:FREQ=MINUTELY;INTERVAL=7;BYMONTH=4;BYMONTHDAY=31;COUNT=3",
        "RRULE:FREQ=DAILY;BYEASTER=400;BYMONTH=1",
        "RRULE:FREQ=SECONDLY;BYSETPOS=2",
        "RRULE:FREQ=HOURLY;BYMINUTE=0;BYSETPOS=61;COUNT=3",
        "RRULE:FREQ=SECONDLY\nEXRULE:FREQ=SECONDLY",
        "RRULE:FREQ=MINUTELY\nEXRULE:FREQ=MINUTELY;BYHOUR=" + ",".join(map(str, range(24))),
    ],
)
def test_a_rule_that_never_fires_is_given_up(parts: str) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    began = process_time()
    assert not list(
        islice(fire_times({"rrule": f"DTSTART:20260101T000000\n{parts}"}, start=start), 1)
    )
    assert process_time() - began < 10  # or hours


@pytest.mark.parametrize(
    "parts",
    [
        "RRULE:FREQ=MONTHLY;INTERVAL=2\nEXRULE:FREQ=WEEKLY;BYMONTH=1,2;BYMONTHDAY=-5;BYYEARDAY=1",
        "RRULE:FREQ=MINUTELY;INTERVAL=7;BYMONTH=3,8",
        "RRULE:FREQ=SECONDLY;INTERVAL=30;BYMONTH=4;BYMINUTE=19",
        "RRULE:FREQ=MINUTELY;BYMONTHDAY=15;BYDAY=SA,SU,MO;BYHOUR=5;BYSETPOS=-1;COUNT=1000",
        "RRULE:FREQ=DAILY;BYHOUR=1,5\nEXRULE:FREQ=DAILY;BYHOUR=5\nRDATE:20260304T050000",
        "RRULE:FREQ=HOURLY;BYDAY=1MO;BYMINUTE=5,6;BYSETPOS=2",
    ],
)
def test_a_rule_that_is_seldom_fires_when_it_should(parts: str) -> None:
    text = f"DTSTART:20260101T004511\n{parts}"
    start = datetime(2026, 2, 1, 1, 2, 3, tzinfo=UTC)
    _assert_as_dateutil_says(text, start)
