"""A view in words: the calls that made it, as Python."""

from __future__ import annotations

from reprlib import Repr
from typing import Any

_BRIEF = Repr()
_BRIEF.maxstring = _BRIEF.maxother = 60


def called(on: str, method: str, /, *given: Any, **options: Any) -> str:
    """Return a call of a method, with long values cut: `photos.where(tag='Dog')`."""
    values = [_BRIEF.repr(one) for one in given]
    values += [f"{option}={_BRIEF.repr(value)}" for option, value in options.items()]
    return f"{on}.{method}({', '.join(values)})"
