"""Who may ask, and how much: passwords, CSRF tokens, limits of requests."""
