"""When schedules fire: intervals, cron expressions, recurrence rules."""


class NoNextTimeError(Exception):
    """A schedule cannot tell when it fires next: it never does, or contradicts itself."""
