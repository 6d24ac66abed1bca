"""What goes wrong on purpose: how a fault is written, which requests it hits, what then happens."""
