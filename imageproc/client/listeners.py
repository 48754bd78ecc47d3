"""Methods that are called when something happens, for as long as their objects are used elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakMethod


class Listeners:
    """Methods without arguments. They keep no object alive."""

    def __init__(self) -> None:
        """Begin with none."""
        self._methods: list[WeakMethod[Callable[[], object]]] = []

    def add(self, method: Callable[[], object]) -> None:
        """Call this bound method, too."""
        self._methods = [one for one in self._methods if one() is not None]
        self._methods.append(WeakMethod(method))

    def tell(self) -> None:
        """Call them all."""
        for one in self._methods:
            if method := one():
                method()
