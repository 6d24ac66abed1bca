"""The server that is judged: sending to it, and what came back."""
