"""Tables for people, JSON for scripts."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from imageproc.cli.escaping import escaped, escaped_json
from imageproc.core.record import Status
from imageproc.presentation.facts import TRUNCATED, first_tags
from imageproc.presentation.text import cut_in_the_middle

if TYPE_CHECKING:
    from imageproc import Photo

_PAGE = 500
"""Rows that are printed at a time; the first page's decide how wide the columns are."""

_GAP = 2

_LONGEST_NAME = 48

_USUAL_NAME, _NARROW = 24, 10
"""Columns of the screen: of most names, and of what may be wrapped beside them."""

_UNWRAPPED = 10_000
"""Columns where no terminal says how many there are: what is piped is for other programs, and not wrapped."""


class _Console(Console):
    """Shows texts as they are: no markup, and escaped what does not print."""

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        if self._width is None and not self.is_terminal and "COLUMNS" not in os.environ:
            return ConsoleDimensions(_UNWRAPPED, 25)
        return super().size

    def render_str(
        self, text: str, *, style: StyleType = "", justify: Any = None, overflow: Any = None, **_: Any
    ) -> Text:
        return Text(escaped(text), style=style, justify=justify, overflow=overflow)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        if isinstance(renderable, Text):
            renderable = renderable.copy()
            renderable.plain = escaped(renderable.plain, keep="\n")
        return super().render(renderable, options)


console = _Console(highlight=False)
errors = _Console(stderr=True, highlight=False)

STYLES = {
    Status.SUCCEEDED: "green",
    Status.INCOMPLETE: "yellow",
    Status.REJECTED: "red",
    Status.FAILED: "red",
    Status.PROCESSING: "cyan",
    Status.UPLOADED: "cyan",
}


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on one line."""
    click.echo(escaped_json(json.dumps(value, ensure_ascii=False, default=_json)))


def _json(value: Any) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str | Text]], empty: str, *, names: bool = False
) -> None:
    """Print a table as its rows come, or what to say when there are none.

    With `names` the first column has names, which stay on one line: a long one is cut in the middle.
    """
    found = iter(rows)
    page = list(islice(found, _PAGE))
    if not page:
        console.print(Text(empty))
        return
    widths = _widths([columns, *page], console.width, names=names)
    heads: Sequence[str] | None = columns
    while page:
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=heads is not None)
        for number, width in enumerate(widths):
            table.add_column(heads[number] if heads else "", overflow="fold", width=width)
        for first, *others in page:
            name = cut_in_the_middle(first, widths[0]) if names and isinstance(first, str) else first
            table.add_row(name, *others)
        console.print(table)
        heads, page = None, list(islice(found, _PAGE))


def print_table_of_ids(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Print a table whose last column can be pasted into a command: it is neither cut nor wrapped here."""
    found = iter(rows)
    page = list(islice(found, _PAGE))
    if not page:
        console.print(Text(empty))
        return
    widths = [max(map(_width, column)) for column in zip(columns, *page, strict=True)][:-1]
    console.print(_line(columns, widths), style="bold", soft_wrap=True)
    for row in chain(page, found):
        console.print(_line(row, widths), soft_wrap=True)


def _line(row: Sequence[str], widths: Sequence[int]) -> Text:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False))
    return Text((" " * _GAP).join([*padded, row[-1]]).rstrip())


def _widths(rows: Sequence[Sequence[str | Text]], available: int, *, names: bool) -> list[int]:
    """Return the columns' widths: as wide as they need, and the widest narrower if that is too wide.

    A first column of names keeps the width of a usual name as long as the others can be narrower.
    """
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + _GAP * (len(widths) - 1) - available
    while over > 0 and max(widths) > 1:
        kept = names and widths[0] <= _USUAL_NAME and max(widths[1:], default=0) > _NARROW
        begin = 1 if kept else 0
        widths[widths.index(max(widths[begin:]), begin)] -= 1
        over -= 1
    return widths


def _width(cell: str | Text) -> int:
    text = escaped(cell if isinstance(cell, str) else cell.plain, keep="\n")
    return max(map(cell_len, text.split("\n")))


def short_name(name: str) -> str:
    """Return a name as tables have it: a long one cut in the middle. --json and --csv have all of it."""
    return cut_in_the_middle(name, _LONGEST_NAME)


def status(photo: Photo) -> Text:
    """Return a photo's status in its colour."""
    return Text(photo.status, style=STYLES[photo.status])


def brief(photo: Photo) -> str:
    """Return in a few words how a photo ended: its tags, what is missing, the error's name."""
    lacks = [f"no {part}" for part in photo.missing] or ([photo.error.name] if photo.error else [])
    lacks += ["truncated: the file lacks its end"] if photo.truncated else []
    return "; ".join(filter(None, [", ".join(first_tags(photo, 6)), *lacks]))


class Reasons:
    """Why photos failed or lack something, each reason once, with the first of its photos."""

    MOST = 20
    """Reasons that are kept."""
    NAMES = 8
    """Photos that are named of each."""

    def __init__(self) -> None:
        """Begin with no photos."""
        self.counts: dict[str, int] = {}
        """How many photos each reason has."""
        self.names: dict[str, list[str]] = {}
        """The first photos of each."""

    def of(self, photos: Iterable[Photo]) -> Iterator[Photo]:
        """Yield the same photos, and note what is wrong with them."""
        for photo in photos:
            for reason in _reasons(photo):
                self._note(reason, photo.name)
            yield photo

    def _note(self, reason: str, name: str) -> None:
        if reason not in self.counts and len(self.counts) >= self.MOST:
            return
        self.counts[reason] = self.counts.get(reason, 0) + 1
        if self.counts[reason] <= self.NAMES:
            self.names.setdefault(reason, []).append(name)


def _reasons(photo: Photo) -> Iterator[str]:
    errors = {f"no {part}": error for part, error in photo.missing.items()}
    if photo.error and not errors:
        errors = {photo.error.name: photo.error}
    for what, error in errors.items():
        yield f"{what}: {error.cause}"
    if photo.truncated:
        yield f"Truncated: {TRUNCATED}"


def size(count: int) -> str:
    """Return bytes for people, in powers of 1,000."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
