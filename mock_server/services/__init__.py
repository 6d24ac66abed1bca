"""What a server does of its own accord: it plans runs, marks late ones, ends pauses."""
