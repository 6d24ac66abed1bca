"""Judging any server by the contract of Prefect's deployment REST API."""
