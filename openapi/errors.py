"""What the commands raise when there is nothing to work on."""

__all__ = ["UnreadableError"]


class UnreadableError(ValueError):
    """A document cannot be had. The message is a sentence for the user."""
