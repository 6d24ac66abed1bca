"""Requests worth sending, as plain values."""
