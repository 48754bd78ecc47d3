"""A bill: quantities times prices, line by line. The free tier is not counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imageproc.costs.prices import PRICES, Price


@dataclass(frozen=True)
class Line:
    """So many units at a price."""

    price: Price
    quantity: float

    @property
    def amount(self) -> float:
        """US dollars."""
        return self.quantity * self.price.each


@dataclass(frozen=True)
class Bill:
    """What is to be paid, in the prices' order."""

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, quantities: Mapping[str, float]) -> Bill:
        """Return the bill for quantities by their prices' names. Raises KeyError for an unknown price."""
        for name in quantities:
            PRICES[name]
        return cls(tuple(Line(PRICES[name], quantities[name]) for name in PRICES if quantities.get(name)))

    @property
    def total(self) -> float:
        """US dollars."""
        return sum(line.amount for line in self.lines)

    @property
    def services(self) -> dict[str, float]:
        """US dollars by service."""
        found: dict[str, float] = {}
        for line in self.lines:
            found[line.price.service] = found.get(line.price.service, 0) + line.amount
        return found

    def without(self, service: str) -> Bill:
        """Return the bill without a service's lines."""
        return Bill(tuple(line for line in self.lines if line.price.service != service))


def added(bills: Iterable[Bill]) -> Bill:
    """Return one bill for several."""
    quantities: dict[str, float] = {}
    for line in (line for bill in bills for line in bill.lines):
        quantities[line.price.name] = quantities.get(line.price.name, 0) + line.quantity
    return Bill.of(quantities)
