"""The only place where text becomes HTML or SVG. Photos, keys, labels and names are hostile: all is escaped.

`Markup` is MarkupSafe's: formatting and joining escape everything that is not Markup, so that no text slips
through by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

__all__ = ["Markup", "escape", "table"]

_CELL = "text-align:left;vertical-align:top;overflow-wrap:anywhere"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> Markup:
    """Return an HTML table of plain texts, for pages without a kernel."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in columns)
    body = Markup("").join(_row(row) for row in rows)
    title = Markup("<caption>{}</caption>").format(caption) if caption else ""
    return Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(title, head, body)


def _row(cells: Sequence[object]) -> Markup:
    filled = Markup("").join(Markup('<td style="{}">{}</td>').format(_CELL, str(cell)) for cell in cells)
    return Markup("<tr>{}</tr>").format(filled)
