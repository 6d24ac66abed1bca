"""Deviations of released servers that are known."""
