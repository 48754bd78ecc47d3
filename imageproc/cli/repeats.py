"""The same error of many photos, said once and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable


class Repeats:
    """Says what became of each thing that failed, and of those with the same cause only the first."""

    def __init__(self, what: str, say: Callable[[str], object]) -> None:
        """Begin each line with `what`, such as `Not uploaded`."""
        self._what, self._say = what, say
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def tell(self, name: str, cause: str, *, within: str = "") -> None:
        """Say it of a thing, unless it was said; `within` is what the cause calls it, if not `name`."""
        same = cause.replace(within or name, "…")
        self._counts[same] += 1
        if self._first.setdefault(same, name) == name:
            said = cause if cause.startswith(name) else f"{name}: {cause}"
            self._say(f"{self._what}: {said}")

    def end(self) -> None:
        """Say of how many others the same is true."""
        for same, count in self._counts.items():
            if count > 1:
                self._say(f"{self._what}, for the same cause as {self._first[same]}: {count - 1:,} more.")
