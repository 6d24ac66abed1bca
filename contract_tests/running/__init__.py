"""A run: its options, its session, its parts."""
