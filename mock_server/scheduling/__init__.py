"""When schedules fire: intervals, cron expressions, recurrence rules."""
