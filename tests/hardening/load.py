"""Clients that read and write at the same time, and get in each other's way."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CLIENTS = 64
FLOWS = 8
NAMES = 12
HOURLY = {"schedule": {"interval": 3600}, "active": True}


class Client:
    """One of them.

    Args:
        http: the connections.
        seed: the same seed does the same, as far as the others let it.
        statuses: where to count what was answered.
    """

    def __init__(self, http: httpx.AsyncClient, seed: int, statuses: Counter[int]) -> None:
        self._http = http
        self._random = random.Random(seed)
        self._statuses = statuses
        self._actions: list[Callable[[], Awaitable[Any]]] = [
            self.create,
            self.create,
            self.update,
            self.run,
            self.schedule,
            self.toggle,
            self.add_schedules,
            self.delete,
            self.delete_flow,
            self.read,
            self.look_for,
            self.page,
        ]

    async def work(self, until: float) -> None:
        """Do one thing after the other until a time is reached."""
        while time.monotonic() < until:
            await self._random.choice(self._actions)()

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = await self._http.request(method, path, json=body)
        self._statuses[answer.status_code] += 1
        return answer

    async def flow(self) -> str:
        made = await self.ask("POST", "/flows/", {"name": f"flow-{self._random.randrange(FLOWS)}"})
        return str(made.json()["id"])

    async def deployment(self) -> str | None:
        offset = self._random.randrange(FLOWS * NAMES)
        found = await self.ask("POST", "/deployments/filter", {"limit": 1, "offset": offset})
        return str(found.json()[0]["id"]) if found.json() else None

    async def create(self) -> None:
        body = {
            "name": f"name-{self._random.randrange(NAMES)}",
            "flow_id": await self.flow(),
            "tags": self._random.sample(["a", "b", "c"], 2),
            "schedules": [HOURLY, {**HOURLY, "slug": "s"}][: self._random.randrange(3)],
            "concurrency_limit": self._random.choice([None, 1, 5]),
        }
        if self._random.random() < 0.5:
            body |= {"work_queue_name": f"queue-{self._random.randrange(4)}"}
        await self.ask("POST", "/deployments/", body)

    async def _with(self, method: str, path: str, body: Any = None) -> None:
        found = await self.deployment()
        if found is not None:
            await self.ask(method, f"/deployments/{found}{path}", body)

    async def update(self) -> None:
        await self._with("PATCH", "", {"tags": [self._random.choice("abc")], "paused": True})

    async def run(self) -> None:
        key = self._random.choice([None, "k1", "k2"])
        await self._with("POST", "/create_flow_run", {"idempotency_key": key})

    async def schedule(self) -> None:
        await self._with("POST", "/schedule", {"min_runs": 2})

    async def toggle(self) -> None:
        which = self._random.choice(["pause", "resume"])
        await self._with("POST", f"/{which}_deployment")

    async def add_schedules(self) -> None:
        await self._with("POST", "/schedules", [HOURLY, {**HOURLY, "slug": "t"}])

    async def delete(self) -> None:
        await self._with("DELETE", "")

    async def delete_flow(self) -> None:
        if self._random.random() < 0.2:
            await self.ask("DELETE", f"/flows/{await self.flow()}")

    async def read(self) -> None:
        await self._with("GET", "")

    async def look_for(self) -> None:
        wanted = {"tags": {"all_": [self._random.choice("abc")]}}
        body = {"deployments": wanted, "flow_runs": {}}
        await self.ask("POST", "/deployments/count", body)

    async def page(self) -> None:
        page = (await self.ask("POST", "/deployments/paginate", {"limit": 5})).json()
        assert len(page["results"]) == min(5, page["count"])
        names = [row["name"].encode() for row in page["results"]]
        assert names == sorted(names)


async def load(url: str, seconds: float, clients: int = CLIENTS) -> Counter[int]:
    """Let clients work; how many answers had which status."""
    statuses: Counter[int] = Counter()
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        until = time.monotonic() + seconds
        workers = [Client(http, seed, statuses).work(until) for seed in range(clients)]
        await asyncio.gather(*workers)
    return statuses
