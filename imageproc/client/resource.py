"""What the workbench's resources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imageproc.client.stack import Stack


class StackResource:
    """What a stack has of one kind."""

    def __init__(self, stack: Stack) -> None:
        """Work with this stack. Nothing is asked of AWS yet."""
        self._stack = stack

    def __repr__(self) -> str:
        """Return one line for people; asks nothing."""
        return f"<{type(self).__name__} of {self._stack!r}>"
