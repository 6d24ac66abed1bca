"""The contract's shape: one curated OpenAPI document of Prefect's deployment REST API."""
