"""`make demo`: the mock on its fixture data, judged by the contract suite, in one go."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_healthy(base_url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers; leave with a sentence when it ends or never does."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"The mock ended with status {process.returncode} before it was up.")
        try:
            with opener.open(f"{base_url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"The mock did not answer {base_url}/health within {START_SECONDS} seconds.")


def main() -> int:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}/api"
    serve = ["-m", "mock_server", "--port", str(port)]
    judge = ["-m", "contract_tests", "run", "--base-url", base_url]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    print(f"$ deployments-mock --port {port} &", flush=True)
    mock = subprocess.Popen([sys.executable, *serve], env=environment)
    try:
        wait_until_healthy(base_url, mock)
        print(f"$ deployments-contract run --base-url {base_url}", flush=True)
        return subprocess.run([sys.executable, *judge], env=environment, check=False).returncode
    finally:
        mock.terminate()
        mock.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
