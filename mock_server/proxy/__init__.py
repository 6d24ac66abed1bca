"""A validating proxy: traffic passes unchanged between a client and a server, and is judged."""
