"""The least that a Python server does: a bare ASGI application that sends the bytes of a recording.

    python -m tests.benchmark.bare PORT RECORDING

The recording is a JSON object: `METHOD path` -> [status, text of the body].
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def application(recording: dict[str, Any]) -> ASGIApp:
    """An application that answers each request of a recording as recorded, whatever its body."""
    answers = {}
    for request, (status, text) in recording.items():
        body = text.encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        start = {"type": "http.response.start", "status": status, "headers": headers}
        answers[request] = (start, {"type": "http.response.body", "body": body})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        start, body = answers[f"{scope['method']} {scope['path']}"]
        await send(start)
        await send(body)

    return app


if __name__ == "__main__":
    app = application(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning", lifespan="off")
