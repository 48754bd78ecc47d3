"""Tables that are kept in notebooks: bounded in size, of printable texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from imageproc.presentation.markup import Markup, table
from imageproc.presentation.text import printable

MAX_ROWS = 50
"""The most rows of a table; what is left out is counted."""

_UNFOLDED_ROWS = 12


def listing(
    columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "", empty: str = "Nothing."
) -> Markup:
    """Return a table of at most `MAX_ROWS` rows of printable texts, or what to say when there are none."""
    every = iter(rows)
    shown = [[printable(str(cell)) for cell in row] for row in islice(every, MAX_ROWS)]
    if not shown:
        return Markup("<p>{}</p>").format(f"{caption}: {empty}" if caption else empty)
    left = sum(1 for _ in every)
    more = Markup("<p>and {} more</p>").format(f"{left:,}") if left else Markup("")
    return table([printable(name) for name in columns], shown, printable(caption)) + more


def folded(
    columns: Sequence[str], rows: Sequence[Sequence[object]], caption: str = "", empty: str = "Nothing."
) -> Markup:
    """Return a listing, which is folded if it is long."""
    if len(rows) <= _UNFOLDED_ROWS:
        return listing(columns, rows, caption, empty)
    return Markup("<details><summary>{} ({:,})</summary>{}</details>").format(
        printable(caption) or "Rows", len(rows), listing(columns, rows)
    )
