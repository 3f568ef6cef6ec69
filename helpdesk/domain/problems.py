"""What can go wrong, as codes and parameters.

A problem is raised as early as the rule that refuses is known, carries no sentence, and is
worded in the reader's language where it is shown (see ``helpdesk.wording``).
"""

from __future__ import annotations


class Problem(Exception):  # noqa: N818  a refusal, not an error of the program
    """A refusal that the user can understand. Nothing has been changed when it is raised."""

    status = 400

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


class Invalid(Problem):
    """The input has the wrong shape or value."""

    status = 422


class NotAllowed(Problem):
    """The actor may not do this."""

    status = 403


class NotFound(Problem):
    """There is no such thing in the actor's sight."""

    status = 404


class Stale(Problem):
    """The write was made on a version that has moved on since."""

    status = 409


class Conflict(Problem):
    """The thing is in a state that does not admit this."""

    status = 409


class TooMany(Problem):
    """Tried too often; ``retry_after`` (seconds) is among the parameters."""

    status = 429


class TooLarge(Problem):
    """The input is over its limit."""

    status = 413
