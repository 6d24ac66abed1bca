"""Why a run could not judge its target.

`CannotJudge` ends a run with exit status 2; its message is the one sentence that the user reads.
Below it: `Unreachable` (nothing answers, or no longer), `WrongTarget` (no such server, or a wrong
base path), `NoData` (the data set could not be made, or there is none to judge on).
`WouldChange` is a mistake of the suite itself: a read-only run was about to change the target.
"""

from __future__ import annotations


class CannotJudge(BaseException):
    """The run cannot come to a verdict; the message says why and what to do.

    Like KeyboardInterrupt it is no `Exception`: it must pass through libraries that would catch one
    and send the same request again to find a smaller one.
    """


class Unreachable(CannotJudge):
    """No answer from the target."""


class WrongTarget(CannotJudge):
    """The target answers, but not as a deployment API does."""


class NoData(CannotJudge):
    """There is nothing on the target that could be judged on."""


class WouldChange(RuntimeError):  # noqa: N818 - it names what was prevented
    """A read-only run was about to send what may change the target."""


class OutOfTime(BaseException):
    """The time given by `--max-time` is over: what is under way ends with what it found so far.

    No `Exception`, for the reason that `CannotJudge` is none.
    """
