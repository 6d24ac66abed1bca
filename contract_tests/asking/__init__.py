"""How a check asks: by operation, every answer judged by its shape, breaches collected."""
