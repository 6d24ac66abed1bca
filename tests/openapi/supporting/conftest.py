"""A sender to each server, and a name that nothing else there has."""

import uuid

import httpx
import pytest

from tests.openapi.supporting.asking import Sender
from tests.real_server.process import PATIENCE


@pytest.fixture
def send(server: str) -> Sender:
    # No connection is kept: a real server closes it after a 500.
    limits = httpx.Limits(max_keepalive_connections=0)
    return Sender(httpx.Client(base_url=f"{server}/", timeout=PATIENCE, limits=limits))


@pytest.fixture
def name() -> str:
    return f"supporting-{uuid.uuid4().hex[:12]}"
