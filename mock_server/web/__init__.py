"""What is for browsers and no operation of the API: Swagger UI, and Prefect's web UI."""
