"""What does one thing after another while somebody loops over it, and says so where it is only shown."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Looped(Iterator[T]):
    """An iterator by a name. A notebook's cell that ends with one shows that nothing has been done yet."""

    def __init__(self, name: str, found: Iterator[T]) -> None:
        """Take what is looped over; `name` is the method that returned it."""
        self._name, self._found = name, found
        self._begun = False

    def __next__(self) -> T:
        """Do the next thing."""
        self._begun = True
        return next(self._found)

    def close(self) -> None:
        """End it, as a generator is ended."""
        if isinstance(self._found, Generator):
            self._found.close()

    def __bool__(self) -> bool:
        """Return True: whether there is anything is not known before it is looped over."""
        return True

    def __len__(self) -> NoReturn:
        """Raise TypeError: what comes is not known before it is looped over."""
        raise TypeError(f"{self._name} has no length before it is looped over: len(list(…)) counts.")

    def __getitem__(self, _: object) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(f"{self._name} has no items before it is looped over: list(…)[0] is the first one.")

    def __repr__(self) -> str:
        """Return one line for people."""
        if self._begun:
            return f"<{self._name}: begun>"
        return f"<{self._name}: nothing is done before it is looped over, by list(…) say>"


def looped(method: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """Have a method's result say that it is to be looped over."""

    @wraps(method)
    def returned(*args: P.args, **kwargs: P.kwargs) -> Looped[T]:
        return Looped(method.__name__, method(*args, **kwargs))

    return returned
