"""Two servers side by side, and when their answers say the same."""
