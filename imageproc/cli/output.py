"""Tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from imageproc import Photo, Status
from imageproc.cli.escaping import escaped, escaped_json
from imageproc.presentation.facts import TRUNCATED


class _Console(Console):
    """Shows texts as they are: no markup, and escaped what does not print."""

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
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], empty: str) -> None:
    """Print a table, or what to say when there are no rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table if table.row_count else Text(empty))


def status(photo: Photo) -> Text:
    """Return a photo's status in its colour."""
    return Text(photo.status, style=STYLES[photo.status])


def brief(photo: Photo) -> str:
    """Return in a few words how a photo ended: its tags, what is missing, the error's name."""
    lacks = [f"no {part}" for part in photo.missing] or ([photo.error.name] if photo.error else [])
    lacks += ["truncated: the file lacks its end"] if photo.truncated else []
    return "; ".join(filter(None, [", ".join(photo.tags[:6]), *lacks]))


def reasons(photos: Iterable[Photo]) -> dict[str, list[str]]:
    """Return why photos failed or lack something, each reason once, with the names of the photos."""
    found: dict[str, list[str]] = {}
    for photo in photos:
        errors = {f"no {part}": error for part, error in photo.missing.items()}
        if photo.error and not errors:
            errors = {photo.error.name: photo.error}
        for what, error in errors.items():
            found.setdefault(f"{what}: {error.cause}", []).append(photo.name)
        if photo.truncated:
            found.setdefault(f"Truncated: {TRUNCATED}", []).append(photo.name)
    return found


def size(count: int) -> str:
    """Return bytes for people, in powers of 1,000."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
