"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from imageproc.errors import AccessDeniedError, ImageprocError


class Outcome(StrEnum):
    """How a check ended. `UNKNOWN` if it may not or cannot be looked at."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Check:
    """One thing that was checked before deploying: what was found, and what to do about it."""

    name: str
    outcome: Outcome
    found: str
    fix: str = ""


def checked(checks: Mapping[str, Callable[[], Check]]) -> Iterator[Check]:
    """Yield each check's result. One that AWS refuses to answer is not known, and hinders no other."""
    for name, check in checks.items():
        try:
            yield check()
        except AccessDeniedError as error:
            yield Check(name, Outcome.UNKNOWN, error.cause, error.fix)
        except ImageprocError as error:
            yield failed(name, error)


def failed(name: str, error: ImageprocError) -> Check:
    """Return an error as a problem."""
    return Check(name, Outcome.PROBLEM, error.cause, error.fix)
