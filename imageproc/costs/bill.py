"""A bill: quantities times prices, line by line. The free tier is not counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from imageproc.costs.prices import PRICES, Price
from imageproc.presentation import html

BILL_COLUMNS = ("Service", "Quantity", "Unit", "Price", "USD")
_SMALL = 0.1
"""US dollars below which a bill is shown with more digits."""


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

    def _repr_html_(self) -> str:
        """Return the lines as a table, for Jupyter."""
        return html.listing(BILL_COLUMNS, self.rows(), f"{self.total:,.4f} USD")

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield each line in words, by `BILL_COLUMNS`."""
        digits = 4 if self.total >= _SMALL else 7
        for line in self.lines:
            price = line.price
            yield (
                price.service,
                f"{line.quantity:,.0f}" if line.quantity >= 100 else f"{line.quantity:.3g}",
                price.unit,
                str(price).partition(" ")[0] + (f" for {price.per:,.0f}" if price.per > 1 else ""),
                f"{line.amount:.{digits}f}",
            )

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
