"""Fixture data from a real server: read by its API, masked, written as a file."""
