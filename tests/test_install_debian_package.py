"""What `make chromium` and `make bench` install, they install where it is missing and can be."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("install_debian_package.sh")
SHELL = shutil.which("sh") or "/bin/sh"


class Machine:
    """A machine that has only what it is told to have.

    Args:
        folder: for its programs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        env = shutil.which("env")
        assert env is not None
        (folder / "env").symlink_to(env)
        (folder / "sh").symlink_to(SHELL)

    def has(self, name: str, script: str = "") -> None:
        """Give it a program, which writes down how it is called."""
        program = self.folder / name
        program.write_text(f'#!{SHELL}\necho "{name} $*" >> {self.log}\n{script}\n')
        program.chmod(0o755)

    def install(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script there."""
        return subprocess.run(
            [SHELL, str(SCRIPT), *arguments],
            env={"PATH": str(self.folder), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """How its programs were called."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(("program", "there"), [("wrk", "wrk"), ("chromium", "google-chrome")])
def test_what_is_there_is_left_alone(machine: Machine, program: str, there: str) -> None:
    machine.has(there)
    machine.has("apt-get")
    done = machine.install(program)
    assert (done.returncode, done.stdout, done.stderr, machine.calls) == (0, "", "", [])


@pytest.mark.parametrize(
    ("program", "packages"), [("wrk", "wrk"), ("chromium", "chromium fonts-dejavu-core")]
)
@pytest.mark.parametrize("user", [0, 1000])
def test_what_is_missing_is_installed(
    machine: Machine, program: str, packages: str, user: int
) -> None:
    machine.has("id", f"echo {user}")
    machine.has("apt-get")
    if user:
        machine.has("sudo", 'shift; test "$1" = true || "$@"')
    done = machine.install(program)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Installing {program}" in done.stdout
    called = [call for call in machine.calls if call.startswith("apt-get")]
    flags = "-y -qq --no-install-recommends"
    assert called == ["apt-get update -qq", f"apt-get install {flags} {packages}"]
    assert bool(user) == any(call.startswith("sudo") for call in machine.calls)


def test_where_it_cannot_be_a_sentence_says_what_to_do(machine: Machine) -> None:
    advice = "Install it (Debian: apt-get install wrk).\n"

    def refusal() -> str:
        done = machine.install("wrk")
        assert done.returncode == 1
        assert done.stderr.endswith(advice)
        return done.stderr.removesuffix(advice)

    needs = "The benchmark needs wrk, and"
    assert refusal() == f"{needs} this is no Debian that it could be installed on.\n"
    machine.has("apt-get", "exit 1")
    machine.has("id", "echo 1000")
    assert refusal() == f"{needs} installing it takes root or sudo without a password.\n"
    machine.has("id", "echo 0")
    assert refusal() == f"{needs} apt-get update failed.\n"
    machine.has("apt-get", 'test "$1" = update')
    assert refusal() == f"{needs} apt-get could not install it.\n"


def test_a_browser_that_is_named_is_taken_or_refused(machine: Machine) -> None:
    machine.has("mine")
    machine.has("apt-get")
    assert machine.install("chromium", CHROMIUM="mine").returncode == 0
    (machine.folder / "mine").unlink()
    done = machine.install("chromium", CHROMIUM="mine")
    assert done.returncode == 1
    assert "and mine is no program" in done.stderr
    assert "or set CHROMIUM to the executable of another" in done.stderr
    assert machine.calls == []


def test_anything_else_is_not_installed(machine: Machine) -> None:
    machine.has("apt-get")
    assert machine.install("emacs").returncode == 2
    assert machine.calls == []
