"""The data that a target is judged on: making it, reading it, removing it."""
