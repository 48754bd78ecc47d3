"""How much the longest tests do: enough for each commit, or, by `make soak`, what documentation promises."""

from __future__ import annotations

import os
from typing import Any

SOAK = bool(os.environ.get("SOAK"))


def of(usual: int, soak: int) -> int:
    """Return the number that this run is to use."""
    return soak if SOAK else usual


def also(*values: Any) -> tuple[Any, ...]:
    """Return these values in a soak, otherwise none."""
    return values if SOAK else ()


def each(*values: Any) -> tuple[Any, ...]:
    """Return all values in a soak, otherwise the first one."""
    return values if SOAK else values[:1]
