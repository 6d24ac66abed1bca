"""The flow of the project; FLOW stands for its name."""

from prefect import flow


@flow(name="FLOW")
def add(x: int = 1, y: str = "a") -> int:
    """Add."""
    del y
    return x
