"""A workspace of Prefect Cloud is judged by its address and a token; what is wrong is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from contract_tests.transport.cloud import right_address
from tests.contract_tests.test_run import command
from tests.contract_tests.workspace import ACCOUNT, ROOT, TOKEN, WORKSPACE, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with workspace() as url:
        yield url


def test_a_workspace_conforms_and_is_taken_for_the_version_of_the_contract(host: str) -> None:
    done = command(
        "run", "--base-url", host + WORKSPACE, "--auth", f"bearer:{TOKEN}", "--seed", "1"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "server of unknown version, taken for 3." in done.stdout
    assert "what tells of the server itself: the target does not offer it" in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "token", "says"),
    [
        (WORKSPACE, "another", "refuses the credentials that were given (status 401)"),
        (WORKSPACE, "", "asks for credentials (status 401)"),
        (ACCOUNT, TOKEN, "has no workspace in it"),
        (ROOT, TOKEN, "has no workspace in it"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(host: str, path: str, token: str, says: str) -> None:
    auth = ["--auth", f"bearer:{token}"] if token else []
    done = command("run", "--base-url", host + path, *auth)
    told = (done.stdout + done.stderr).strip()
    assert done.returncode == 2
    assert says in told
    assert len(told.splitlines()) == 1
    if "no workspace" in says:
        assert told.endswith(f"use --base-url {host}{WORKSPACE}.")


def _nothing(_: str) -> httpx.Response:
    return httpx.Response(404, json={"detail": "Not Found"})


@pytest.mark.parametrize(
    ("url", "use"),
    [
        ("https://app.prefect.cloud/account/a/workspace/w/runs", "api.prefect.cloud/api/{}w."),
        ("https://api.prefect.cloud/api/accounts/a", "api.prefect.cloud/api/{}WORKSPACE."),
        ("https://x/api/accounts/a/workspaces", "x/api/{}WORKSPACE."),
        ("https://x/api/accounts/a/workspaces/w", None),
        ("https://x/api", None),
    ],
)
def test_an_address_alone_may_tell(url: str, use: str | None) -> None:
    told = right_address(url, _nothing)
    if use is None:
        assert told is None
    else:
        assert told is not None
        assert told.endswith("https://" + use.format("accounts/a/workspaces/"))


@pytest.mark.parametrize("answer", [b"3", b'"text"', b"[3]", b"[{}]", b"{}", b"<html>"])
def test_a_server_without_workspaces_is_no_cloud(answer: bytes) -> None:
    assert right_address("https://x/api", lambda _: httpx.Response(200, content=answer)) is None
