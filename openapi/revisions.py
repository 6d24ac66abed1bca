"""Documents as they were in a git revision: `REVISION:PATH`."""

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from openapi.errors import UnreadableError

__all__ = ["checked_out", "git_revision"]


def _git(*arguments: str) -> "subprocess.CompletedProcess[bytes] | None":
    """Ask git, None where there is none."""
    program = shutil.which("git")
    if program is None:
        return None
    return subprocess.run([program, *arguments], capture_output=True, check=False)  # noqa: S603  # no shell; revisions are checked to be no options


def git_revision(target: str) -> tuple[str, str] | None:
    """The commit and the path of `REVISION:PATH`, None if it is no such thing here."""
    revision, colon, path = target.partition(":")
    if not colon or not revision or revision.startswith("-"):
        return None
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found is None or found.returncode != 0:
        return None
    return found.stdout.decode().strip().splitlines()[-1], path


def checked_out(revision: tuple[str, str], folder: Path) -> Path:
    """Write the files of a revision into a folder.

    Args:
        revision: Commit and path, from `git_revision`. The path counts from the top of the
            repository. Of a file, all that stands in its folder is written as well.
        folder: An empty folder.

    Returns:
        The path in the folder.

    Raises:
        UnreadableError: The revision has no such path.
    """
    commit, path = revision
    top = _git("rev-parse", "--show-toplevel")
    base = top.stdout.decode().strip() if top is not None else "."
    kind = _git("-C", base, "cat-file", "-t", f"{commit}:{path}")
    if kind is None or kind.returncode != 0:
        raise UnreadableError(f"There is no {path or 'tree'} in the revision {commit[:12]}.")
    wanted = path if kind.stdout.strip() == b"tree" else path.rpartition("/")[0]
    made = _git("-C", base, "archive", "--format=tar", commit, "--", *([wanted] if wanted else []))
    if made is None or made.returncode != 0:
        raise UnreadableError(f"git cannot give {path} of {commit[:12]}.")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / path
